/* contact.c: asking about people, and reading what is answered; see contact.h. */
#include "wa/client/contact.h"

#define BUSINESS_VERSION S("244")
#define BUSINESS_SET_VERSION S("3")

str wa_contact_name(const struct wa_person_names *names)
{
	const str best[] = { names->full, names->first, names->verified, names->push,
		names->username };

	for (size_t i = 0; i < COUNT_OF(best); i++)
		if (best[i].len)
			return best[i];
	return STR_NONE;
}

/* ---- pictures ---- */

struct node *wa_picture_request(struct arena *arena, const struct wa_picture_ask *ask)
{
	struct node *iq = wa_iq(arena, "get", "w:profile:picture", NULL);
	struct node *picture;

	node_put_jid(arena, iq, "target", &ask->of);
	picture = node_add(arena, iq, "picture");
	node_put(arena, picture, "type", ask->is_full ? S("image") : S("preview"));
	node_put(arena, picture, "query", S("url"));
	if (ask->known_id.len)
		node_put(arena, picture, "id", ask->known_id);
	if (ask->token.len)
		node_put_data(node_add(arena, picture, "tctoken"), ask->token);
	return iq;
}

enum err wa_picture_read(struct arena *arena, const struct node *iq, struct wa_picture *out)
{
	const struct node *picture;

	*out = (struct wa_picture){ .is_none = wa_iq_code(iq) == 404 };
	TRY(wa_iq_check(iq));
	picture = node_child(iq, "picture");
	out->is_same = picture && node_has(picture, "status", "304");
	out->is_none = !picture || node_has(picture, "status", "204");
	if (out->is_none)
		return ERR_MISSING;
	out->id = node_text(arena, picture, "id");
	out->url = node_text(arena, picture, "url");
	out->direct_path = node_text(arena, picture, "direct_path");
	return out->is_same || out->url.len || out->id.len ? OK : ERR_CORRUPT;
}

struct node *wa_picture_set_request(struct arena *arena, const struct jid *group, bytes jpeg)
{
	struct node *iq = wa_iq(arena, "set", "w:profile:picture", NULL);
	struct node *picture;

	if (group)
		node_put_jid(arena, iq, "target", group);
	if (!jpeg.len)
		return iq;
	picture = node_add(arena, iq, "picture");
	node_put(arena, picture, "type", S("image"));
	node_put_data(picture, jpeg);
	return iq;
}

/* ---- about, business ---- */

struct node *wa_about_set_request(struct arena *arena, str about)
{
	struct node *iq = wa_iq(arena, "set", "status", NULL);

	wa_put_text(arena, iq, "status", about);
	return iq;
}

struct node *wa_business_request(struct arena *arena, const struct jid *jid)
{
	struct node *iq = wa_iq(arena, "get", "w:biz", NULL);
	struct node *profile = node_add(arena, iq, "business_profile");

	node_put(arena, profile, "v", BUSINESS_VERSION);
	node_put_jid(arena, node_add(arena, profile, "profile"), "jid", jid);
	return iq;
}

static void read_category(const struct node *profile, struct wa_business *out)
{
	const struct node *all = node_child(profile, "categories");
	const struct node *first = all ? node_child(all, "category") : NULL;

	out->category = wa_node_text(first);
}

enum err wa_business_read(struct arena *arena, const struct node *iq, struct wa_business *out)
{
	const struct node *outer, *profile;

	(void)arena;
	*out = (struct wa_business){ 0 };
	TRY(wa_iq_check(iq));
	outer = node_child(iq, "business_profile");
	profile = outer ? node_child(outer, "profile") : NULL;
	if (!profile)
		return ERR_MISSING;
	out->address = wa_node_text(node_child(profile, "address"));
	out->description = wa_node_text(node_child(profile, "description"));
	out->email = wa_node_text(node_child(profile, "email"));
	read_category(profile, out);
	for (const struct node *n = profile->first; n; n = n->next)
		if (node_is(n, "website") && out->website_count < WA_WEBSITES_MAX)
			out->websites[out->website_count++] = wa_node_text(n);
	return OK;
}

struct node *wa_business_set_request(struct arena *arena, const struct wa_business *draft)
{
	struct node *iq = wa_iq(arena, "set", "w:biz", NULL);
	struct node *profile = node_add(arena, iq, "business_profile");

	node_put(arena, profile, "v", BUSINESS_SET_VERSION);
	node_put(arena, profile, "mutation_type", S("delta"));
	if (draft->address.ptr)
		wa_put_text(arena, profile, "address", draft->address);
	if (draft->description.ptr)
		wa_put_text(arena, profile, "description", draft->description);
	if (draft->email.ptr)
		wa_put_text(arena, profile, "email", draft->email);
	for (size_t i = 0; i < draft->website_count; i++)
		wa_put_text(arena, profile, "website", draft->websites[i]);
	return iq;
}

/* ---- blocked ---- */

struct node *wa_blocked_request(struct arena *arena)
{
	return wa_iq(arena, "get", "blocklist", NULL);
}

enum err wa_blocked_read(struct arena *arena, const struct node *iq, struct wa_names **out,
	size_t *count)
{
	const struct node *list;
	size_t max = 0;

	*count = 0;
	*out = NULL;
	TRY(wa_iq_check(iq));
	list = node_child(iq, "list");
	for (const struct node *n = list ? list->first : NULL; n; n = n->next)
		max++;
	*out = ARENA_ARRAY(arena, struct wa_names, max);
	for (const struct node *n = list ? list->first : NULL; n; n = n->next) {
		struct jid jid;

		if (!node_is(n, "item") || !node_jid(n, "jid", &jid))
			continue;
		wa_names_put(&(*out)[*count], &jid);
		if (node_jid(n, "pn_jid", &jid))
			wa_names_put(&(*out)[*count], &jid);
		(*count)++;
	}
	return OK;
}

struct node *wa_block_request(struct arena *arena, const struct wa_names *who, bool block)
{
	struct node *iq = wa_iq(arena, "set", "blocklist", NULL);
	struct node *item = node_add(arena, iq, "item");
	bool has_lid = who->lid.user.len;

	node_put(arena, item, "action", block ? S("block") : S("unblock"));
	node_put_jid(arena, item, "jid", has_lid ? &who->lid : &who->pn);
	if (block && has_lid && who->pn.user.len)
		node_put_jid(arena, item, "pn_jid", &who->pn);
	return iq;
}

/* ---- privacy, presence ---- */

struct node *wa_privacy_request(struct arena *arena)
{
	struct node *iq = wa_iq(arena, "get", "privacy", NULL);

	node_add(arena, iq, "privacy");
	return iq;
}

enum err wa_privacy_read(struct arena *arena, const struct node *iq, struct wa_privacy **out,
	size_t *count)
{
	const struct node *privacy;
	size_t max = 0;

	*count = 0;
	TRY(wa_iq_check(iq));
	privacy = node_child(iq, "privacy");
	if (!privacy)
		return ERR_CORRUPT;
	for (const struct node *n = privacy->first; n; n = n->next)
		max++;
	*out = ARENA_ARRAY(arena, struct wa_privacy, max);
	for (const struct node *n = privacy->first; n; n = n->next)
		if (node_is(n, "category"))
			(*out)[(*count)++] = (struct wa_privacy){ node_text(arena, n, "name"),
				node_text(arena, n, "value") };
	return OK;
}

struct node *wa_privacy_set_request(struct arena *arena, const struct wa_privacy *setting)
{
	struct node *iq = wa_iq(arena, "set", "privacy", NULL);
	struct node *category = node_add(arena, node_add(arena, iq, "privacy"), "category");

	node_put(arena, category, "name", setting->name);
	node_put(arena, category, "value", setting->value);
	return iq;
}

struct node *wa_ephemeral_default_request(struct arena *arena, int64_t seconds)
{
	struct node *iq = wa_iq(arena, "set", "disappearing_mode", NULL);

	node_put_int(arena, node_add(arena, iq, "disappearing_mode"), "duration", seconds);
	return iq;
}

struct node *wa_presence_subscribe(struct arena *arena, const struct jid *to, bytes token)
{
	struct node *presence = node_new(arena, "presence");

	node_put(arena, presence, "type", S("subscribe"));
	node_put_jid(arena, presence, "to", to);
	if (token.len)
		node_put_data(node_add(arena, presence, "tctoken"), token);
	return presence;
}
