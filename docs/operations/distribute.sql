-- Places a ticketcore store on the nodes of a Citus cluster. Run it as the tables' owner ($OWNER is the
-- owner's URL), after the store has been opened for the first time and before anything is sold:
--
--   psql "$OWNER" -v ON_ERROR_STOP=1 -f distribute.sql
--
-- It may be run again: what is placed already is left alone. Do so when the tables for SQL users are made
-- later. Each row goes where its stream is, so that a turn, its entries and its snapshot are on one node, and
-- two events on two nodes have nothing in common. A command over several events on several nodes commits by
-- Citus's own two-phase commit.
-- The schema is the default one; put yours in its place if the URL says schema=NAME.

-- Nobody else may: fails with "must be owner", and changes nothing.
COMMENT ON TABLE ticketcore.streams IS 'ticketcore: the row whose lock is the right to append';

-- The log. What has the same stream is on the same node.
SELECT create_distributed_table('ticketcore.streams', 'stream', colocate_with => 'none')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ticketcore.streams'::regclass);
SELECT create_distributed_table('ticketcore.entries', 'stream', colocate_with => 'ticketcore.streams')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ticketcore.entries'::regclass);
SELECT create_distributed_table('ticketcore.snapshots', 'stream', colocate_with => 'ticketcore.streams')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ticketcore.snapshots'::regclass);

-- Personal data, by its opaque id.
SELECT create_distributed_table('ticketcore.vault', 'id', colocate_with => 'none')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ticketcore.vault'::regclass);

-- The tables for SQL users, if there are any (docs/projections.md). Their streams are texts, hence a
-- placement of their own.
SELECT create_distributed_table(name::regclass, 'stream', colocate_with => 'none')
FROM unnest(ARRAY['ticketcore.projections']) AS name
WHERE to_regclass(name) IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass(name));
SELECT create_distributed_table(name::regclass, 'stream', colocate_with => 'ticketcore.projections')
FROM unnest(ARRAY['ticketcore.events', 'ticketcore.places', 'ticketcore.areas', 'ticketcore.holds',
                  'ticketcore.orders', 'ticketcore.lines', 'ticketcore.tickets', 'ticketcore.scans']) AS name
WHERE to_regclass(name) IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass(name));
