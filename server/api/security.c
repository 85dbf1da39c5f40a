/*
 * security.c: the second factor, sessions and lock-outs of people.
 *
 * One's own are /session/… and /sessions, for everybody; those of others /people/{id}/…, for who
 * manages people.
 */
#include "account/second_factor.h"
#include "api/handlers.h"

/* ---- the second factor ---- */

enum err second_factor_post(struct job *job, const struct request *req, struct response *res)
{
	struct second_factor_offer offer;
	struct session session;
	struct buf *out;

	TRY(request_session(job, req, &session));
	TRY(second_factor_begin(job, session.person.email, &offer));
	out = reply_json(res, 201);
	json_open(out, '{');
	json_put(out, "secret", offer.secret);
	json_put(out, "uri", offer.uri);
	json_put(out, "qr_svg", offer.qr_svg);
	json_close(out, '}');
	return OK;
}

static enum err reply_codes(struct response *res, const str codes[RECOVERY_CODES])
{
	struct buf *out = reply_json(res, 200);

	json_open(out, '{');
	json_open_in(out, "recovery_codes", '[');
	for (int i = 0; i < RECOVERY_CODES; i++)
		json_put(out, NULL, codes[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

struct proof { str code, password; };

static const struct field code_fields[] = {
	FIELD(struct proof, code, STR, .max = 100, .required = true),
	{ 0 },
};

static const struct field password_fields[] = {
	FIELD(struct proof, password, STR, .required = true),
	{ 0 },
};

static enum err read_proof(struct job *job, const struct request *req, const struct field *fields,
	struct proof *out)
{
	struct session session;

	*out = (struct proof){ 0 };
	TRY(request_session(job, req, &session));
	return request_json(job, req, fields, out);
}

enum err second_factor_confirm_post(struct job *job, const struct request *req,
	struct response *res)
{
	str codes[RECOVERY_CODES];
	struct proof proof;

	TRY(read_proof(job, req, code_fields, &proof));
	TRY(second_factor_confirm(job, proof.code, codes));
	return reply_codes(res, codes);
}

enum err second_factor_disable_post(struct job *job, const struct request *req,
	struct response *res)
{
	struct proof proof;

	TRY(read_proof(job, req, password_fields, &proof));
	TRY(second_factor_disable(job, proof.password));
	return reply_nothing(res);
}

enum err recovery_codes_post(struct job *job, const struct request *req, struct response *res)
{
	str codes[RECOVERY_CODES];
	struct proof proof;

	TRY(read_proof(job, req, password_fields, &proof));
	TRY(second_factor_new_codes(job, proof.password, codes));
	return reply_codes(res, codes);
}

enum err people_second_factor_delete(struct job *job, const struct request *req,
	struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(second_factor_reset(job, id));
	api_check_listeners();
	return reply_nothing(res);
}

/* ---- sessions ---- */

static enum err reply_sessions(struct job *job, struct response *res, id64 person)
{
	struct buf *out = reply_json(res, 200);
	struct session_item *sessions;
	size_t count;

	TRY(session_list(job, person, &sessions, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", sessions[i].id);
		json_put(out, "address", sessions[i].address);
		json_put(out, "user_agent", sessions[i].user_agent);
		json_put_bool(out, "current", sessions[i].id == job->actor.via);
		json_put_int(out, "created_ms", sessions[i].created_ms);
		json_put_int(out, "last_seen_ms", sessions[i].seen_ms);
		json_put_int(out, "expires_ms", sessions[i].expires_ms);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

static enum err end_sessions(struct job *job, struct response *res,
	const struct session_ending *which)
{
	TRY(session_revoke(job, which));
	api_check_listeners();
	return reply_nothing(res);
}

enum err sessions_list(struct job *job, const struct request *req, struct response *res)
{
	struct session session;

	TRY(request_session(job, req, &session));
	return reply_sessions(job, res, session.person.id);
}

enum err sessions_delete_others(struct job *job, const struct request *req, struct response *res)
{
	struct session session;

	TRY(request_session(job, req, &session));
	return end_sessions(job, res,
		&(struct session_ending){ .person = session.person.id, .keep = session.id });
}

enum err sessions_delete(struct job *job, const struct request *req, struct response *res)
{
	struct session session;
	id64 id;

	TRY(request_session(job, req, &session));
	TRY(request_id(job, req, 0, &id));
	return end_sessions(job, res,
		&(struct session_ending){ .person = session.person.id, .id = id });
}

enum err people_sessions_list(struct job *job, const struct request *req, struct response *res)
{
	id64 person;

	TRY(request_id(job, req, 0, &person));
	return reply_sessions(job, res, person);
}

enum err people_sessions_delete_all(struct job *job, const struct request *req,
	struct response *res)
{
	id64 person;

	TRY(request_id(job, req, 0, &person));
	return end_sessions(job, res, &(struct session_ending){ .person = person });
}

enum err people_sessions_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 person, id;

	TRY(request_id(job, req, 0, &person));
	TRY(request_id(job, req, 1, &id));
	return end_sessions(job, res, &(struct session_ending){ .person = person, .id = id });
}

/* ---- lock-outs ---- */

enum err people_unlock(struct job *job, const struct request *req, struct response *res)
{
	id64 person;

	TRY(request_id(job, req, 0, &person));
	TRY(lockout_release(job, person));
	return reply_nothing(res);
}
