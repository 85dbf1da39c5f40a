/* feature.c: switches and maintenance; see feature.h. */
#include "account/feature.h"

#include "account/account_internal.h"
#include "base/json.h"
#include "store/queries.h"

enum { DETAIL_MAX = 2048 };

static const struct feature_state table[FEATURE_COUNT] = {
#define X(name, word, on, title, description) \
	[FEATURE_##name] = { word, title, description, on, on, 0 },
	FEATURES(X)
#undef X
};

bool feature_parse(str name, enum feature *out)
{
	for (int i = 0; i < FEATURE_COUNT; i++) {
		if (str_is(name, str_of(table[i].name))) {
			*out = (enum feature)i;
			return true;
		}
	}
	return false;
}

enum err feature_list(struct job *job, struct feature_state out[FEATURE_COUNT])
{
	struct feature_switch_rows rows;
	enum feature feature;

	memcpy(out, table, sizeof table);
	TRY(sql_feature_list(job, &(struct sql_feature_list){ job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		if (!feature_parse(rows.items[i].name, &feature))
			continue;
		out[feature].is_on = rows.items[i].is_on != 0;
		out[feature].changed_ms = rows.items[i].changed_ms;
	}
	return OK;
}

enum err feature_is_on(struct job *job, enum feature feature, bool *out)
{
	struct feature_state states[FEATURE_COUNT];

	TRY(feature_list(job, states));
	*out = states[feature].is_on;
	return OK;
}

struct switching { enum feature feature; bool on; };

static enum err switch_it(struct job *job, void *arg)
{
	const struct switching *s = arg;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	TRY(sql_feature_set(job,
		&(struct sql_feature_set){ job->workspace, str_of(table[s->feature].name), s->on,
			job->now_ms },
		NULL));
	json_open(&detail, '{');
	json_put(&detail, "feature", str_of(table[s->feature].name));
	json_put_bool(&detail, "enabled", s->on);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "feature.switch",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = buf_text(&detail) });
}

enum err feature_switch(struct job *job, enum feature feature, bool on)
{
	return in_transaction(job, switch_it, &(struct switching){ feature, on });
}

/* ---- maintenance ---- */

enum err maintenance_get(struct job *job, struct maintenance *out)
{
	struct maintenance_row row;
	enum err e =
		sql_maintenance_get(job, &(struct sql_maintenance_get){ job->workspace }, &row);

	*out = (struct maintenance){ 0 };
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	*out = (struct maintenance){ true, row.workspace == 0, row.since_ms, row.note,
		row.person_name };
	return OK;
}

/* The server is whose workspace was set up first; a key counts when it has all that an owner has.
 */
static enum err check_server_owner(struct job *job)
{
	struct maintenance_asker_row asker;
	uint64_t all = role_permissions(ROLE_OWNER);
	bool may;

	TRY(sql_maintenance_asker(job,
		&(struct sql_maintenance_asker){ job->workspace, job->actor.id }, &asker));
	may = asker.first_workspace == job->workspace &&
	      (job->actor.kind == ACTOR_PERSON ? str_is(asker.role, S("owner"))
	                                       : (job->actor.permissions & all) == all);
	if (may)
		return OK;
	return fail_code(job, ERR_DENIED, S("server_owner_only"),
		S("Ask an owner of the workspace that was set up first."),
		"Only an owner of the server's first workspace puts the whole server under "
		"maintenance.");
}

static enum err set_it(struct job *job, void *arg)
{
	const struct maintenance *want = arg;
	id64 workspace = want->is_server ? 0 : job->workspace;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	if (want->is_server)
		TRY(check_server_owner(job));
	if (want->is_on)
		TRY(sql_maintenance_begin(job,
			&(struct sql_maintenance_begin){ workspace, job->now_ms, want->note,
				job->actor.name.ptr ? job->actor.name : S("") },
			NULL));
	else
		TRY(sql_maintenance_end(job, &(struct sql_maintenance_end){ workspace }, NULL));
	json_open(&detail, '{');
	json_put_bool(&detail, "server", want->is_server);
	json_put(&detail, "note", want->note);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = want->is_on ? "maintenance.begin"
									   : "maintenance.end",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = buf_text(&detail) });
}

enum err maintenance_set(struct job *job, const struct maintenance *want, struct maintenance *out)
{
	TRY(in_transaction(job, set_it, (void *)want));
	return maintenance_get(job, out);
}
