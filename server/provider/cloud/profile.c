/* profile.c: whatsapp_business_profile: what customers see of the number when they open it. */
#include "provider/cloud/cloud_internal.h"

#define PROFILE_FIELDS \
	"about,address,description,email,profile_picture_url,websites,vertical"

static str profile_path(struct job *job, const struct channel *ch, const char *query)
{
	return arena_printf(job->arena, STR_F "/whatsapp_business_profile%s", STR_A(ch->remote_id),
		query);
}

enum err cloud_profile(struct job *job, const struct channel *ch, struct business_profile *out)
{
	json root, v;

	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .path = profile_path(job, ch, "?fields=" PROFILE_FIELDS) },
		NULL, &root));
	v = json_path(root, "data.0");
	*out = (struct business_profile){ .about = json_text(json_field(v, "about")),
		.address = json_text(json_field(v, "address")),
		.description = json_text(json_field(v, "description")),
		.email = json_text(json_field(v, "email")),
		.vertical = json_text(json_field(v, "vertical")),
		.picture_url = json_text(json_field(v, "profile_picture_url")) };
	v = json_field(v, "websites");
	for (size_t i = 0; i < json_count(v) && i < PROFILE_WEBSITES_MAX; i++)
		out->websites[out->website_count++] = json_text(json_at(v, i));
	return OK;
}

static void put_given(struct buf *b, const char *key, str value)
{
	if (value.ptr)
		json_put(b, key, value);
}

/* What is not given stays as it is. */
enum err cloud_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);
	json root;

	json_open(&body, '{');
	json_put(&body, "messaging_product", S("whatsapp"));
	put_given(&body, "about", draft->about);
	put_given(&body, "address", draft->address);
	put_given(&body, "description", draft->description);
	put_given(&body, "email", draft->email);
	put_given(&body, "vertical", draft->vertical);
	put_given(&body, "profile_picture_handle", draft->picture_handle);
	if (draft->has_websites) {
		json_open_in(&body, "websites", '[');
		for (size_t i = 0; i < draft->website_count; i++)
			json_put(&body, NULL, draft->websites[i]);
		json_close(&body, ']');
	}
	json_close(&body, '}');
	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .method = HTTP_POST,
			.path = profile_path(job, ch, ""),
			.body = buf_bytes(&body) },
		NULL, &root));
	if (cloud_is_done(root))
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("not_changed"), S("Try again."),
		"Meta did not confirm the change of the profile.");
}
