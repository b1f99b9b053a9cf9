-- Full-text search over the marketplace. The row id is found through service_search_row, because ids are texts.
CREATE TABLE service_search_row (
    rowid INTEGER PRIMARY KEY,
    service_id TEXT NOT NULL UNIQUE
);
CREATE VIRTUAL TABLE service_search USING fts5 (name, label, content, tokenize = "unicode61 remove_diacritics 2");

-- All that a search filters and sorts by, so that it reads only those services that it returns: a service's row spans
-- several pages, because it holds its definition.
CREATE INDEX service_by_search ON service
    (id, organization_id, type, kind, visibilities, categories, project_id, listed, name);
