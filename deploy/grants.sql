-- What the executor may do in the database; run once as the owner, after serve's first start
-- and after each upgrade that adds a table. It appends; it cannot change what was written.
GRANT USAGE ON SCHEMA public TO "watchkeeper-execute";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "watchkeeper-execute";
GRANT INSERT ON history, unsealed, condition, reference TO "watchkeeper-execute";
GRANT INSERT, UPDATE, DELETE ON outbox TO "watchkeeper-execute";
GRANT UPDATE ON incident TO "watchkeeper-execute";
GRANT INSERT, UPDATE ON counter TO "watchkeeper-execute";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "watchkeeper-execute";
