-- wrk's requests for server.hold: two seats each, picked by the event, each under a key of its own.
local count = 0
local run = tostring(os.time())
request = function()
  count = count + 1
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json", ["Idempotency-Key"] = "hold-" .. run .. "-" .. count }, '{"best":{"count":2}}')
end
