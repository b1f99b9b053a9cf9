-- What every deployment asks about connections that were deleted while in use, of which there are few.
CREATE INDEX connection_withdrawn ON connection (organization_id) WHERE deleted_at IS NOT NULL;
