/*
 * channel_profile.c: the business profile of a number: kept by the network, asked and changed
 * there; what is wrong by its own rules is told before it is sent.
 */
#include "account/channel_internal.h"

#include "account/template.h"
#include "base/json.h"

enum { ABOUT_MAX = 139, ADDRESS_MAX = 256, DESCRIPTION_MAX = 512, PROFILE_EMAIL_MAX = 128,
       WEBSITE_MAX = 256, DETAIL_MAX = 8192 };

static const char *const verticals[] = { "ALCOHOL", "APPAREL", "AUTO", "BEAUTY", "EDU", "ENTERTAIN",
	"EVENT_PLAN", "FINANCE", "GOVT", "GROCERY", "HEALTH", "HOTEL", "MATRIMONY_SERVICE",
	"NONPROFIT", "NOT_A_BIZ", "ONLINE_GAMBLING", "OTC_DRUGS", "OTHER", "PHYSICAL_GAMBLING",
	"PROF_SERVICES", "RESTAURANT", "RETAIL", "TRAVEL", "UNDEFINED" };

static void check_length(struct job *job, const char *field, str text, size_t max)
{
	if (text.ptr && str_count_points(text) > max)
		field_error(job, str_of(field), S("too_long"),
			arena_printf(job->arena, "At most %zu characters.", max));
}

static void check_website(struct job *job, size_t i, str site)
{
	str field = arena_printf(job->arena, "websites.%zu", i);

	if (!str_starts(site, S("https://")) && !str_starts(site, S("http://")))
		field_error(job, field, S("invalid"),
			S("Must begin with https:// or http://."));
	else if (site.len > WEBSITE_MAX)
		field_error(job, field, S("too_long"), S("At most 256 characters."));
}

static void check_vertical(struct job *job, str vertical)
{
	for (size_t i = 0; i < COUNT_OF(verticals); i++)
		if (str_is(vertical, str_of(verticals[i])))
			return;
	field_error(job, S("vertical"), S("invalid"),
		S("Not one of WhatsApp's lines of business."));
}

static void check_draft(struct job *job, const struct business_profile *draft)
{
	check_length(job, "about", draft->about, ABOUT_MAX);
	check_length(job, "address", draft->address, ADDRESS_MAX);
	check_length(job, "description", draft->description, DESCRIPTION_MAX);
	check_length(job, "email", draft->email, PROFILE_EMAIL_MAX);
	if (draft->about.ptr && !str_trim(draft->about).len)
		field_error(job, S("about"), S("required"),
			S("WhatsApp wants at least one character."));
	if (draft->email.len && str_find(draft->email, '@') == draft->email.len)
		field_error(job, S("email"), S("invalid"), S("Must be an e-mail address."));
	if (draft->vertical.ptr)
		check_vertical(job, draft->vertical);
	for (size_t i = 0; i < draft->website_count; i++)
		check_website(job, i, draft->websites[i]);
}

enum err channel_profile(struct job *job, id64 id, struct business_profile *out)
{
	struct channel *ch;

	TRY(channel_get(job, id, &ch));
	return provider_profile(job, ch, out);
}

struct profile_note { id64 channel; const struct business_profile *draft; };

static void put_given(struct buf *out, const char *key, str value)
{
	if (value.ptr)
		json_put(out, key, value);
}

static enum err note_change(struct job *job, void *arg)
{
	const struct profile_note *note = arg;
	const struct business_profile *d = note->draft;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	put_given(&detail, "about", d->about);
	put_given(&detail, "address", d->address);
	put_given(&detail, "description", d->description);
	put_given(&detail, "email", d->email);
	put_given(&detail, "vertical", d->vertical);
	json_put_bool(&detail, "websites", d->has_websites);
	json_put_bool(&detail, "picture", d->picture_handle.len > 0);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "channel.profile",
				      .target_kind = "channel",
				      .target_id = note->channel,
				      .detail = buf_text(&detail) });
}

enum err channel_profile_change(struct job *job, id64 id, const struct business_profile *draft,
	id64 picture, struct business_profile *out)
{
	struct business_profile change = *draft;
	struct channel *ch;

	TRY(channel_get(job, id, &ch));
	check_draft(job, draft);
	TRY(job_check_fields(job));
	if (picture && template_sample_hook)
		TRY(template_sample_hook(job, ch, picture, &change.picture_handle));
	TRY(provider_profile_set(job, ch, &change));
	TRY(in_transaction(job, note_change, &(struct profile_note){ id, &change }));
	return provider_profile(job, ch, out);
}
