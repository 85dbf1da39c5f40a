-- The audit viewer asks by person and by target, too.
CREATE INDEX audit_actor ON audit (workspace_id, actor_id, seq);
CREATE INDEX audit_target ON audit (workspace_id, target_id, seq);
