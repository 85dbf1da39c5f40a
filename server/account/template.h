/*
 * template.h: message templates: those of a provider's account (Cloud: WABA), and local ones.
 *
 * A template of an account lives at the provider; the row here follows it, told by webhooks, by a
 * sync every hour, and by our own calls, whichever comes first. All three end in template_merge(),
 * which writes what differs, once, with a row of history. A local one is for channels whose
 * provider has no templates of its own; it is rendered when it is sent.
 */
#ifndef ACCOUNT_TEMPLATE_H
#define ACCOUNT_TEMPLATE_H

#include "provider/provider.h"

#define TEMPLATES_MAX 12000 /* of one account: 6000 is the vendor's limit, and the deleted */
#define TEMPLATE_COMPONENTS_MAX (128u << 10)

enum template_kind { TEMPLATE_PROVIDER, TEMPLATE_LOCAL };

struct template_item {
	id64 id;
	/* components: JSON list */
	str account_id, remote_id, name, language, category, status, quality, reason,
		parameter_format, components;
	enum template_kind kind;
	int64_t revision, created_ms, updated_ms, deleted_ms;
};

/* ---- reading (template.c) ---- */

/* Empty texts ask for all; account_id STR_NONE: of every account, and the local ones. word is
 * looked for in name and text. */
struct template_filter {
	str account_id, status, category, language, word;
	id64 after;
	size_t limit;
};
/* By id. */
enum err template_list(struct job *job, const struct template_filter *filter,
	struct template_item **out, size_t *count);
/* Of the job's workspace, the deleted too. */
enum err template_find(struct job *job, id64 id, struct template_item *out);
/* The deleted are ERR_MISSING. */
enum err template_get(struct job *job, id64 id, struct template_item *out);
/* Where a channel's templates are: its account, or "" for the local ones. */
str template_account_of(const struct channel *ch);
/* May a template of this kind be sent there? One table for the selector and the send. */
bool template_fits_channel(const struct channel *ch, enum template_kind kind);
/* That of the channel with this name and language; ERR_MISSING. */
enum err template_for(struct job *job, const struct channel *ch, str name, str language,
	struct template_item *out);
/* Those with the same name but for a version at the end ("order_ready", "order_ready_v2"), in the
 * same language. */
enum err template_versions(struct job *job, const struct template_item *of,
	struct template_item **out, size_t *count);
/* "order_ready_v3": family "order_ready", version 3; without a number it is version 1. */
str template_family(str name, int64_t *version);

struct template_change {
	id64 id; /* its time, too */
	str source, actor_name, kind, old_value, new_value, reason;
};
/* Newest first, below `before` (0: from the newest). */
enum err template_history(struct job *job, id64 template, id64 before, size_t limit,
	struct template_change **out, size_t *count);

/* A channel that reaches its account; 0 when there is none (a local one belongs to no channel). */
enum err template_channel(struct job *job, const struct template_item *t, id64 *out);
/* The API's Template object. channel: one of the account, or 0. */
void template_write_json(struct buf *out, const char *key, const struct template_item *t,
	id64 channel);

/* ---- following the provider (template_sync.c) ---- */

/* Asks the provider for all of the channel's account, and makes ours the same: its own
 * transaction. No transaction may be open. */
enum err template_sync(struct job *job, id64 channel, int64_t *synced);
/* What an EVENT_TEMPLATE tells: in the open transaction; *changed is the template, or 0. What it
 * does not tell (a new template, new text) is asked for by template_sync_hook. */
enum err template_apply(struct job *job, const struct channel *ch,
	const struct provider_event *event, id64 *changed);
/* Set once at start: a sync of this channel's account soon. May be NULL. */
extern void (*template_sync_hook)(id64 workspace, id64 channel);
/* After each change of ours, or of a list, is committed; who calls template_apply() tells of its
 * own. May be NULL. */
extern void (*template_changed_hook)(struct job *job, id64 template);

/* ---- making (template_change.c); each in its own transaction, with history and audit ---- */

struct template_draft {
	/* whose account; a channel without templates of its own gets a local one */
	id64 channel_id;
	str name, language, category, parameter_format;
	json components;  /* NULL keeps */
	bool submit;
};
/* Checks the whole definition (field errors), stores it as DRAFT, and submits it if asked to. A
 * local one is approved at once. When Meta refuses it, it stays a draft. */
enum err template_create(struct job *job, const struct template_draft *draft, id64 *out);
enum err template_submit(struct job *job, id64 id);
/* category, components: of a draft or a local one here; else at the provider, and a review begins
 * again. ERR_CONFLICT "not_editable" while one is under way. */
enum err template_edit(struct job *job, id64 id, const struct template_draft *draft);
/* A draft with the next version's name and the same content: the old one stays as it is for what
 * runs with it. */
enum err template_new_version(struct job *job, id64 id, id64 *out);
enum err template_delete(struct job *job, id64 id, bool all_languages);
/* The file of a media id as the sample of a header: what stands for it. Set once at start: the
 * files are the inbox's. NULL: samples cannot be sent. */
extern enum err (*template_sample_hook)(struct job *job, const struct channel *ch, id64 media,
	str *handle);
/* The prefix that names of new templates must have; empty: none. */
enum err template_name_prefix(struct job *job, str *out);
enum err template_set_name_prefix(struct job *job, str prefix);

/* ---- rules ---- */

/* Meta's published limits of a definition: field errors named "name", "components[1].text", …
 * (template_rules.c). */
void template_check_definition(struct job *job, const struct template_item *t, json components);
/* Do the values of a send fit the definition? Field errors under "template.components[…]"
 * (template_fit.c). sent: the content of a message of kind template. */
void template_check_send(struct job *job, const struct template_item *t, json sent);
/* Is it known, approved, of this channel, and do the values fit? ERR_INPUT otherwise. An account
 * whose templates are not known yet is left to Meta. *out->id is 0 then. */
enum err template_check_message(struct job *job, const struct channel *ch, json sent,
	struct template_item *out);
/* How it reads with its values: what goes out where there are no templates, and what is found by a
 * search (template_render.c). In the arena. */
str template_render(struct job *job, const struct template_item *t, json sent);
/* A local one as a message of another kind: text, or the header's media with a caption. */
enum err template_as_message(struct job *job, const struct template_item *t, json sent,
	enum message_kind *kind, json *content);

/* ---- usage (template_usage.c); in the caller's transaction ---- */

struct template_day {
	int64_t day, sent, delivered, read, failed, replied, replied_week, clicked;
};
/* A message of this template was accepted. */
enum err template_used(struct job *job, id64 message, id64 conversation, id64 template);
/* A message of kind template has come to this status: counted once each. */
enum err template_used_status(struct job *job, id64 message, enum message_status status);
/* The customer wrote in the conversation: an answer within 24 hours, and within 7 days, to its
 * latest template. clicked: the message that a quick reply answers, or 0. */
enum err template_used_answer(struct job *job, id64 conversation, bool is_click, id64 clicked);
/* By day (UTC, days since 1970), oldest first, from `from_day` on. */
enum err template_days(struct job *job, id64 template, int64_t from_day, struct template_day **out,
	size_t *count);

#endif
