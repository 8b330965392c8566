-- wrk's requests for server.hold: two seats each, picked by the event, each under a key of its own.
local count = 0
local run = tostring(os.time())
request = function()
  count = count + 1
  local key = "hold-" .. run .. "-" .. count
  local headers = { ["Content-Type"] = "application/json", ["Idempotency-Key"] = key }
  return wrk.format("POST", nil, headers, '{"best":{"count":2}}')
end
