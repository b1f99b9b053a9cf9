-- What every deployment asks about connections that were deleted while in use, of which there are few.
CREATE INDEX connection_withdrawn ON connection (organization_id) WHERE deleted_at IS NOT NULL;
-- Ranges of names are ranges of bytes, as SQLite compares them, whatever the database's language.
ALTER TABLE connection ALTER COLUMN name_part TYPE TEXT COLLATE "C";
