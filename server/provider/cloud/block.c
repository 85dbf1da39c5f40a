/*
 * block.c: block_users: people whom the network keeps from writing to a number.
 *
 * Meta takes only people who wrote in the last 24 hours; each refusal is told in the answer of a
 * call that otherwise went well.
 */
#include "provider/cloud/cloud_internal.h"

static str body_of(struct job *job, const struct person_ref *who)
{
	struct buf b = buf_in(job->arena, CLOUD_BODY_MAX);

	json_open(&b, '{');
	json_put(&b, "messaging_product", S("whatsapp"));
	json_open_in(&b, "block_users", '[');
	json_open(&b, '{');
	if (who->phone.len)
		json_put(&b, "user", arena_printf(job->arena, "+" STR_F, STR_A(who->phone)));
	else
		json_put(&b, "user_id", who->bsuid);
	json_close(&b, '}');
	json_close(&b, ']');
	json_close(&b, '}');
	return buf_text(&b);
}

static enum err refused(struct job *job, json user)
{
	str details = json_text(json_path(user, "errors.0.error_data.details"));

	if (!details.len)
		details = json_text(json_path(user, "errors.0.message"));
	return fail_code(job, ERR_UPSTREAM, S("not_blocked"),
		S("WhatsApp takes only people who wrote in the last 24 hours; here they are "
		  "blocked."),
		"WhatsApp did not take it%s" STR_F, details.len ? ": " : ".",
		STR_A(str_first_points(details, CLOUD_DETAIL_MAX)));
}

enum err cloud_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked)
{
	const struct cloud_call call = { .method = blocked ? HTTP_POST : HTTP_DELETE,
		.path = arena_printf(job->arena, STR_F "/block_users", STR_A(ch->remote_id)),
		.body = bytes_of(body_of(job, who)) };
	json root, failed;

	if (!who->phone.len && !who->bsuid.len)
		return fail(job, ERR_UNSUPPORTED, "The contact has no name that WhatsApp knows.");
	TRY(cloud_call(job, ch, &call, NULL, &root));
	failed = json_path(root, "block_users.failed_users.0");
	return failed ? refused(job, failed) : OK;
}
