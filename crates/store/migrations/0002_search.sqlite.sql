-- Full-text search over the marketplace. The row id is found through service_search_row, because ids are texts.
CREATE TABLE service_search_row (
    rowid INTEGER PRIMARY KEY,
    service_id TEXT NOT NULL UNIQUE
);
CREATE VIRTUAL TABLE service_search USING fts5 (name, label, content, tokenize = "unicode61 remove_diacritics 2");
