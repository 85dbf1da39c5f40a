/* provider.c: the list of providers, and the one answer for what one of them lacks; see provider.h.
 */
#include "provider/provider.h"

static const struct provider *const providers[] = { &cloud_provider, &msg91_provider,
	&http_provider, &linked_provider, &echo_provider };

const struct provider *const *provider_all(size_t *count)
{
	*count = COUNT_OF(providers);
	return providers;
}

const struct provider *provider_find(str name)
{
	for (size_t i = 0; i < COUNT_OF(providers); i++)
		if (str_is(name, str_of(providers[i]->name)))
			return providers[i];
	return NULL;
}

uint64_t provider_can(const struct channel *ch)
{
	return ch->can ? ch->can : ch->provider->can;
}

static enum err cannot(struct job *job, const struct channel *ch, const char *what)
{
	return fail_code(job, ERR_UNSUPPORTED, S("unsupported"), S("Use another channel for this."),
		"%s cannot %s.", ch->provider->title, what);
}

enum err provider_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content)
{
	if (!(provider_can(ch) & CAN_KIND(kind)))
		return cannot(job, ch,
			arena_cstr(job->arena, arena_printf(job->arena, "send a message of type %s",
						       kind_name(kind))));
	return ch->provider->check ? ch->provider->check(job, ch, kind, content) : OK;
}

enum err provider_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json options)
{
	if (json_count(options) == 0)
		return OK;
	if (ch->provider->check_options)
		return ch->provider->check_options(job, ch, kind, options);
	for (void *at = json_first(options); at; at = json_next(options, at)) {
		/* Kept here, and told with each status. */
		if (str_is(json_member_name(at), S("biz_opaque_callback_data")))
			continue;
		field_error(job, json_member_name(at), S("unsupported"),
			arena_printf(job->arena, "%s cannot do this.", ch->provider->title));
	}
	return job_check_fields(job);
}

enum err provider_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	*out = (struct send_result){ 0 };
	if (!ch->provider->send || !(provider_can(ch) & CAN_KIND(msg->kind)))
		return cannot(job, ch,
			arena_cstr(job->arena, arena_printf(job->arena, "send a message of type %s",
						       kind_name(msg->kind))));
	return ch->provider->send(job, ch, msg, out);
}

enum err provider_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing)
{
	if (!ch->provider->mark_read)
		return cannot(job, ch, "mark messages as read");
	return ch->provider->mark_read(job, ch, remote_id, typing);
}

enum err provider_fetch_media(struct job *job, const struct channel *ch, str media_remote_id,
	str url, const struct media_sink *sink, struct media_info *out)
{
	*out = (struct media_info){ 0 };
	if (!ch->provider->fetch_media)
		return cannot(job, ch, "fetch media");
	return ch->provider->fetch_media(job, ch, media_remote_id, url, sink, out);
}

enum err provider_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id)
{
	*remote_id = STR_NONE;
	if (!ch->provider->upload_media)
		return cannot(job, ch, "take media");
	return ch->provider->upload_media(job, ch, info, path, remote_id);
}

enum err provider_health_of(struct job *job, const struct channel *ch, struct provider_health *out)
{
	*out = (struct provider_health){ 0 };
	if (!ch->provider->health)
		return cannot(job, ch, "tell its health");
	return ch->provider->health(job, ch, out);
}

enum err provider_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count)
{
	*out = NULL;
	*count = 0;
	if (!ch->provider->templates)
		return cannot(job, ch, "list templates");
	return ch->provider->templates(job, ch, out, count);
}

enum err provider_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked)
{
	if (!ch->provider->block)
		return cannot(job, ch, "block people");
	return ch->provider->block(job, ch, who, blocked);
}

enum err provider_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out)
{
	*out = (struct webhook_proof){ 0 };
	if (!ch->provider->prove)
		return cannot(job, ch, "receive webhooks");
	return ch->provider->prove(job, ch, body, out);
}

enum err provider_profile(struct job *job, const struct channel *ch, struct business_profile *out)
{
	*out = (struct business_profile){ 0 };
	if (!ch->provider->profile)
		return cannot(job, ch, "show a business profile");
	return ch->provider->profile(job, ch, out);
}

enum err provider_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft)
{
	if (!ch->provider->profile_set)
		return cannot(job, ch, "change a business profile");
	return ch->provider->profile_set(job, ch, draft);
}

enum err provider_subscribe(struct job *job, const struct channel *ch, str url)
{
	if (!ch->provider->subscribe)
		return cannot(job, ch, "subscribe a webhook");
	return ch->provider->subscribe(job, ch, url);
}

enum err provider_subscription(struct job *job, const struct channel *ch,
	struct provider_subscription *out)
{
	*out = (struct provider_subscription){ 0 };
	if (!ch->provider->subscription)
		return cannot(job, ch, "tell where its webhooks go");
	return ch->provider->subscription(job, ch, out);
}

enum err provider_template_create(struct job *job, const struct channel *ch,
	const struct template_info *draft, struct template_info *out)
{
	if (!ch->provider->template_create)
		return cannot(job, ch, "submit templates");
	return ch->provider->template_create(job, ch, draft, out);
}

enum err provider_template_edit(struct job *job, const struct channel *ch,
	const struct template_info *draft)
{
	if (!ch->provider->template_edit)
		return cannot(job, ch, "edit templates");
	return ch->provider->template_edit(job, ch, draft);
}

enum err provider_template_delete(struct job *job, const struct channel *ch, str name,
	str remote_id)
{
	if (!ch->provider->template_delete)
		return cannot(job, ch, "delete templates");
	return ch->provider->template_delete(job, ch, name, remote_id);
}

enum err provider_template_sample(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *handle)
{
	if (!ch->provider->template_sample)
		return cannot(job, ch, "take samples of templates");
	return ch->provider->template_sample(job, ch, info, path, handle);
}
