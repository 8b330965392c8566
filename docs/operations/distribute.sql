-- Places a ticketcore store on the nodes of a Citus cluster. Run it once, as the tables' owner, after the store has been
-- opened for the first time and before anything is sold:
--
--   psql "$BOXOFFICE" -v ON_ERROR_STOP=1 -f distribute.sql
--
-- Each row goes where its stream is, so that a turn, its entries and its snapshot are on one node, and two events on two nodes have
-- nothing in common. A command over several events on several nodes commits by Citus's own two-phase commit.
-- The schema is the default one; put yours in its place if the URL says schema=NAME.

-- The log. What has the same stream is on the same node.
SELECT create_distributed_table('ticketcore.streams', 'stream', colocate_with => 'none');
SELECT create_distributed_table('ticketcore.entries', 'stream', colocate_with => 'ticketcore.streams');
SELECT create_distributed_table('ticketcore.snapshots', 'stream', colocate_with => 'ticketcore.streams');

-- Personal data, by its opaque id.
SELECT create_distributed_table('ticketcore.vault', 'id', colocate_with => 'none');

-- The tables for SQL users, if there are any (docs/projections.md). Their streams are texts, hence a placement of their own.
SELECT create_distributed_table('ticketcore.projections', 'stream', colocate_with => 'none');
SELECT create_distributed_table('ticketcore.events', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.places', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.areas', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.holds', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.orders', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.lines', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.tickets', 'stream', colocate_with => 'ticketcore.projections');
SELECT create_distributed_table('ticketcore.scans', 'stream', colocate_with => 'ticketcore.projections');
