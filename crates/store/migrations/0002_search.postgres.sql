-- Full-text search over the marketplace: one vector per field that a search may be limited to, and one for all.
CREATE TABLE service_search (
    service_id TEXT PRIMARY KEY,
    name TSVECTOR NOT NULL,
    label TSVECTOR NOT NULL,
    content TSVECTOR NOT NULL,
    everything TSVECTOR NOT NULL
);
CREATE INDEX service_search_name ON service_search USING GIN (name);
CREATE INDEX service_search_label ON service_search USING GIN (label);
CREATE INDEX service_search_content ON service_search USING GIN (content);
CREATE INDEX service_search_everything ON service_search USING GIN (everything);
