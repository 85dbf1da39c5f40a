/*
 * send_template.c: what a message of a template needs before it is queued: the template itself, its
 * values, and the files of its headers.
 *
 * A local template leaves as a message of another kind; the draft is changed for that.
 */
#include "inbox/inbox_internal.h"

#include "account/template.h"

/* ---- the template ---- */

enum err send_plan_template(struct job *job, const struct channel *ch, struct message_draft *draft,
	id64 *template)
{
	struct template_item t;
	json content;

	if (draft->kind != KIND_TEMPLATE)
		return OK;
	if ((provider_can(ch) & CAN_TEMPLATES) && ch->provider->check)
		TRY(ch->provider->check(job, ch, draft->kind, draft->content));
	TRY(template_check_message(job, ch, draft->content, &t));
	*template = t.id;
	if (provider_can(ch) & CAN_TEMPLATES)
		return OK;
	TRY(template_as_message(job, &t, draft->content, &draft->kind, &content));
	draft->content = content;
	return OK;
}

/* ---- files of headers and cards ---- */

struct walk {
	struct job *job;
	const struct channel *ch;
};

static enum err check_file(const struct walk *w, enum message_kind kind, json id, str path)
{
	struct media media;
	id64 number;
	enum err e = json_id(id, &number) ? media_get(w->job, number, &media) : ERR_MISSING;
	str why;

	if (e == ERR_MISSING || (e == OK && media.state != MEDIA_STORED)) {
		job_forgive(w->job);
		field_error(w->job, path, S("unknown"),
			S("There is no stored media of that id: upload it by POST /media first."));
		return job_check_fields(w->job);
	}
	TRY(e);
	e = w->ch->provider->check_media ? w->ch->provider->check_media(w->job, kind,
						    media.mime_type, media.size_bytes)
	                                 : OK;
	if (e != ERR_INPUT || !w->job->field_errors)
		return e;
	why = w->job->field_errors->message;
	job_forgive(w->job);
	field_error(w->job, path, S("media_type"), why);
	return job_check_fields(w->job);
}

static enum err walk(const struct walk *w, json v, str path);

static enum err walk_member(const struct walk *w, str name, json value, str path)
{
	enum message_kind kind = kind_parse(name);
	str there = arena_printf(w->job->arena, STR_F "." STR_F, STR_A(path), STR_A(name));

	if (kind_is_media(kind) && json_kind(value) == JSON_MAP && json_field(value, "id"))
		return check_file(w, kind, json_field(value, "id"),
			arena_printf(w->job->arena, STR_F ".id", STR_A(there)));
	return walk(w, value, there);
}

/* Bounded by the reader's depth. */
static enum err walk(const struct walk *w, json v, str path)
{
	if (json_kind(v) == JSON_MAP)
		for (void *at = json_first(v); at; at = json_next(v, at))
			TRY(walk_member(w, json_member_name(at), json_member_value(at), path));
	if (json_kind(v) == JSON_LIST)
		for (size_t i = 0; i < json_count(v); i++)
			TRY(walk(w, json_at(v, i),
				arena_printf(w->job->arena, STR_F "[%zu]", STR_A(path), i)));
	return OK;
}

enum err send_check_files(struct job *job, const struct channel *ch,
	const struct message_draft *draft)
{
	const struct walk w = { job, ch };

	if (draft->kind != KIND_TEMPLATE && draft->kind != KIND_INTERACTIVE)
		return OK;
	return walk(&w, draft->content, str_of(kind_name(draft->kind)));
}
