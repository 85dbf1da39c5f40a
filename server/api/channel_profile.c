/* channel_profile.c: /channels/{id}/profile: what customers see of the number. */
#include "account/channel.h"
#include "api/handlers.h"

static void write_profile(struct buf *out, const struct business_profile *p)
{
	json_open(out, '{');
	json_put(out, "about", p->about);
	json_put(out, "address", p->address);
	json_put(out, "description", p->description);
	json_put(out, "email", p->email);
	json_put(out, "vertical", p->vertical);
	json_put(out, "picture_url", p->picture_url);
	json_open_in(out, "websites", '[');
	for (size_t i = 0; i < p->website_count; i++)
		json_put(out, NULL, p->websites[i]);
	json_close(out, ']');
	json_close(out, '}');
}

enum err channels_profile(struct job *job, const struct request *req, struct response *res)
{
	struct business_profile profile;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_profile(job, id, &profile));
	write_profile(reply_json(res, 200), &profile);
	return OK;
}

struct asked {
	struct business_profile draft;
	json websites;
	id64 picture;
};

static const struct field profile_fields[] = {
	NAMED_FIELD(struct asked, "about", draft.about, STR),
	NAMED_FIELD(struct asked, "address", draft.address, STR),
	NAMED_FIELD(struct asked, "description", draft.description, STR),
	NAMED_FIELD(struct asked, "email", draft.email, STR),
	NAMED_FIELD(struct asked, "vertical", draft.vertical, STR),
	FIELD(struct asked, websites, JSON,
		.given_at = offsetof(struct asked, draft.has_websites)),
	NAMED_FIELD(struct asked, "picture_media_id", picture, ID),
	{ 0 },
};

static void read_websites(struct job *job, json list, struct business_profile *out)
{
	if (json_kind(list) != JSON_LIST || json_count(list) > PROFILE_WEBSITES_MAX) {
		field_error(job, S("websites"), S("invalid"), S("A list of at most two."));
		return;
	}
	for (size_t i = 0; i < json_count(list); i++) {
		str site = json_text(json_at(list, i));

		out->websites[out->website_count++] = site.ptr ? site : S("");
	}
}

enum err channels_profile_patch(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { 0 };
	struct business_profile now;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, profile_fields, &asked));
	if (asked.draft.has_websites)
		read_websites(job, asked.websites, &asked.draft);
	TRY(channel_profile_change(job, id, &asked.draft, asked.picture, &now));
	write_profile(reply_json(res, 200), &now);
	return OK;
}
