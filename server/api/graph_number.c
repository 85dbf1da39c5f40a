/*
 * graph_number.c: numbers, their business profile, and whom they block.
 *
 * What Parley does not know of a number is left out, not made up.
 */
#include "account/template.h"
#include "api/graph.h"
#include "api/handlers.h"
#include "api/contact_json.h"
#include "inbox/contacts.h"
#include "store/queries.h"
#include "store/store.h"

enum { BLOCK_USERS_MAX = 1000, BLOCK_LIST_DEFAULT = 25, BLOCK_LIST_MAX = 100 };

/* ---- numbers ---- */

static bool is_cloud(const struct channel *ch)
{
	return strcmp(ch->provider->name, "cloud") == 0;
}

static void put_if(struct buf *out, str fields, const char *name, str value, bool otherwise)
{
	if (value.len && graph_wants(fields, name, otherwise))
		json_put(out, name, value);
}

static void write_health(struct job *job, struct buf *out, const struct channel_full *full)
{
	bool works = str_is(full->health, S("healthy")),
	     broken = str_is(full->health, S("failing"));
	str can = full->channel.disabled || broken ? S("BLOCKED")
	          : works                          ? S("AVAILABLE")
	                                           : S("LIMITED");

	json_open_in(out, "health_status", '{');
	json_put(out, "can_send_message", can);
	json_open_in(out, "entities", '[');
	json_open(out, '{');
	json_put(out, "entity_type", S("PHONE_NUMBER"));
	json_put(out, "id", graph_number_id(job->arena, &full->channel));
	json_put(out, "can_send_message", can);
	if (full->health_reason.len && !works) {
		json_open_in(out, "errors", '[');
		json_open(out, '{');
		json_put(out, "error_description", full->health_reason);
		json_put(out, "possible_solution", full->health_next_step);
		json_close(out, '}');
		json_close(out, ']');
	}
	json_close(out, '}');
	json_close(out, ']');
	json_close(out, '}');
}

void graph_number_write(struct job *job, struct buf *out, const struct channel_full *full,
	str fields)
{
	const struct channel *ch = &full->channel;
	bool works = !ch->disabled && !str_is(full->health, S("failing")),
	     has_phone = str_is_digits(ch->phone);

	json_open(out, '{');
	put_if(out, fields, "verified_name",
		full->verified_name.len ? full->verified_name : ch->name, true);
	put_if(out, fields, "display_phone_number",
		has_phone ? arena_printf(job->arena, "+" STR_F, STR_A(ch->phone)) : STR_NONE,
		true);
	put_if(out, fields, "code_verification_status",
		has_phone ? S("VERIFIED") : S("NOT_VERIFIED"), true);
	put_if(out, fields, "quality_rating", full->quality.len ? full->quality : S("UNKNOWN"),
		true);
	put_if(out, fields, "platform_type",
		is_cloud(ch) ? S("CLOUD_API") : S("NOT_APPLICABLE"), true);
	put_if(out, fields, "status", works ? S("CONNECTED") : S("DISCONNECTED"), false);
	put_if(out, fields, "account_mode",
		str_is(ch->environment, S("production")) ? S("LIVE") : S("SANDBOX"), false);
	if (graph_wants(fields, "throughput", true)) {
		json_open_in(out, "throughput", '{');
		json_put(out, "level",
			ch->pace_per_second > PACE_PER_SECOND_DEFAULT ? S("HIGH") : S("STANDARD"));
		json_close(out, '}');
	}
	if (graph_wants(fields, "health_status", false))
		write_health(job, out, full);
	if (graph_wants(fields, "webhook_configuration", true))
		graph_hook_write(job, out, ch);
	json_put(out, "id", graph_number_id(job->arena, ch));
	json_close(out, '}');
}

enum err graph_numbers_get(struct job *job, const struct request *req, struct response *res)
{
	str fields = request_query(job->arena, req, "fields");
	struct buf *out = reply_json(res, 200);
	struct graph_account account;

	TRY(graph_account_asked(job, req, &account));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < account.count; i++)
		graph_number_write(job, out, &account.channels[i], fields);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* ---- the business profile ---- */

static void write_profile(struct buf *out, const struct business_profile *p, str fields)
{
	json_open(out, '{');
	put_if(out, fields, "about", p->about, true);
	put_if(out, fields, "address", p->address, true);
	put_if(out, fields, "description", p->description, true);
	put_if(out, fields, "email", p->email, true);
	put_if(out, fields, "profile_picture_url", p->picture_url, true);
	put_if(out, fields, "vertical", p->vertical, true);
	if (p->website_count && graph_wants(fields, "websites", true)) {
		json_open_in(out, "websites", '[');
		for (size_t i = 0; i < p->website_count; i++)
			json_put(out, NULL, p->websites[i]);
		json_close(out, ']');
	}
	json_put(out, "messaging_product", S("whatsapp"));
	json_close(out, '}');
}

enum err graph_profile_get(struct job *job, const struct request *req, struct response *res)
{
	str fields = request_query(job->arena, req, "fields");
	struct buf *out = reply_json(res, 200);
	struct business_profile profile;
	struct channel_full *channel;

	TRY(graph_channel(job, req, &channel));
	TRY(channel_profile(job, channel->channel.id, &profile));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	write_profile(out, &profile, fields);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

static enum err read_websites(struct job *job, json list, struct business_profile *out)
{
	if (!list)
		return OK;
	if (json_kind(list) != JSON_LIST || json_count(list) > PROFILE_WEBSITES_MAX)
		return graph_fail(job, "100", "websites must be a list of at most two.");
	out->has_websites = true;
	for (size_t i = 0; i < json_count(list); i++)
		if (json_text(json_at(list, i)).ptr)
			out->websites[out->website_count++] = json_text(json_at(list, i));
	return OK;
}

enum err graph_profile_post(struct job *job, const struct request *req, struct response *res)
{
	struct business_profile draft = { 0 }, now;
	struct channel_full *channel;
	str handle;
	id64 picture;
	json body;

	TRY(graph_channel(job, req, &channel));
	TRY(graph_body(job, req, &body));
	if (!str_is(graph_text(job, req, body, "messaging_product"), S("whatsapp")))
		return graph_fail(job, "100",
			"(#100) The parameter messaging_product is required.");
	draft.about = json_text_at(body, "about");
	draft.address = json_text_at(body, "address");
	draft.description = json_text_at(body, "description");
	draft.email = json_text_at(body, "email");
	draft.vertical = json_text_at(body, "vertical");
	TRY(read_websites(job, json_field(body, "websites"), &draft));
	handle = json_text_at(body, "profile_picture_handle");
	picture = graph_handle_media(handle);
	if (handle.len && !picture)
		return graph_fail(job, "100", "profile_picture_handle is no upload of ours.");
	TRY(channel_profile_change(job, channel->channel.id, &draft, picture, &now));
	return graph_success(res);
}

/* ---- blocking ---- */

struct user { str input; id64 contact; };

static enum err find_user(struct job *job, const struct channel *ch, json item, struct user *out)
{
	struct conversation_pair_row pair;
	struct conversation conv;
	str phone = STR_NONE, bsuid;
	enum err e;

	*out = (struct user){ .input = json_text_or_int(job->arena, json_field(item, "user")) };
	bsuid = out->input.len ? STR_NONE : json_text_at(item, "user_id");
	if (!out->input.len)
		out->input = bsuid;
	if (!out->input.len)
		return graph_fail(job, "100", "Each of block_users needs user or user_id.");
	if (!bsuid.len)
		TRY(phone_normalise(job, out->input, &phone));
	e = sql_conversation_by_alias(job,
		&(struct sql_conversation_by_alias){ .workspace = job->workspace,
			.kind = bsuid.len ? S("bsuid") : S("phone"),
			.match_key = bsuid.len ? bsuid : phone_match_key(job->arena, phone),
			.number = ch->number_id },
		&pair);
	if (e == OK)
		e = conversation_get(job, pair.id, &conv);
	if (e == OK)
		out->contact = conv.contact_id;
	if (e == ERR_MISSING)
		job_forgive(job);
	return e == ERR_MISSING ? OK : e;
}

static void write_failed(struct buf *out, const struct user *user)
{
	json_open(out, '{');
	json_put(out, "input", user->input);
	json_open_in(out, "errors", '[');
	json_open(out, '{');
	json_put(out, "message", S("(#131047) Re-engagement required"));
	json_put_int(out, "code", 131047);
	json_open_in(out, "error_data", '{');
	json_put(out, "details", S("Nobody of this number has written to the business."));
	json_close(out, '}');
	json_close(out, '}');
	json_close(out, ']');
	json_close(out, '}');
}

static void write_users(struct job *job, struct buf *out, const struct user *users, size_t count,
	bool blocked)
{
	json_open(out, '{');
	json_put(out, "messaging_product", S("whatsapp"));
	json_open_in(out, "block_users", '{');
	json_open_in(out, blocked ? "added_users" : "removed_users", '[');
	for (size_t i = 0; i < count; i++) {
		struct contact contact;

		if (!users[i].contact || contact_get(job, users[i].contact, &contact) != OK)
			continue;
		json_open(out, '{');
		json_put(out, "input", users[i].input);
		json_put(out, "wa_id", contact.phone);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open_in(out, "failed_users", '[');
	for (size_t i = 0; i < count; i++)
		if (!users[i].contact)
			write_failed(out, &users[i]);
	json_close(out, ']');
	json_close(out, '}');
	json_close(out, '}');
}

static enum err change_blocks(struct job *job, const struct request *req, struct response *res,
	bool blocked)
{
	struct channel_full *channel;
	struct contact contact;
	struct user *users;
	json body, list;
	size_t count;

	TRY(graph_channel(job, req, &channel));
	TRY(graph_body(job, req, &body));
	list = json_field(body, "block_users");
	count = json_count(list);
	if (json_kind(list) != JSON_LIST || count > BLOCK_USERS_MAX)
		return graph_fail(job, "100",
			"(#100) block_users must be a list of at most 1000 users.");
	users = ARENA_ARRAY(job->arena, struct user, count);
	for (size_t i = 0; i < count; i++)
		TRY(find_user(job, &channel->channel, json_at(list, i), &users[i]));
	for (size_t i = 0; i < count; i++)
		if (users[i].contact)
			TRY(contact_set_blocked(job, users[i].contact, blocked, S("by a program"),
				&contact));
	write_users(job, reply_json(res, 200), users, count, blocked);
	return OK;
}

enum err graph_block_post(struct job *job, const struct request *req, struct response *res)
{
	return change_blocks(job, req, res, true);
}

enum err graph_block_delete(struct job *job, const struct request *req, struct response *res)
{
	return change_blocks(job, req, res, false);
}

enum err graph_block_get(struct job *job, const struct request *req, struct response *res)
{
	struct contact_filter filter = { .opted_out = -1, .blocked = 1 };
	struct buf *out = reply_json(res, 200);
	struct contact_place start = { 0 };
	struct contact_page found;
	struct channel_full *channel;
	int64_t limit = BLOCK_LIST_DEFAULT;

	TRY(graph_channel(job, req, &channel));
	(void)!str_to_i64(request_query(job->arena, req, "limit"), &limit);
	if (limit < 1 || limit > BLOCK_LIST_MAX)
		limit = BLOCK_LIST_MAX;
	filter.number = channel->channel.number_id;
	TRY(contact_find(job, &filter, &start, (size_t)limit, &found));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < found.contacts.count; i++) {
		json_open(out, '{');
		json_put(out, "messaging_product", S("whatsapp"));
		json_put(out, "wa_id", found.contacts.items[i].phone);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
