/* simulator_profile.c: pictures, about texts, privacy, who is blocked, and media hosts. */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

#define PICTURE_MAX (2u << 20)
#define NOBODY "127.0.0.1:1"    /* no host listens there */

/* ---- pictures ---- */

/* The picture of a person or of a group. */
struct pictured { struct sim_octets *octets; char **id; };

static bool find_pictured(struct sim *sim, const struct jid *who, struct pictured *out)
{
	struct sim_group *group =
		str_is(who->server, JID_SERVER_GROUP) ? sim_group_find(sim, who->user) : NULL;
	struct sim_phone *phone = group ? NULL : sim_phone_of(sim, who);

	if (group)
		*out = (struct pictured){ &group->picture, &group->picture_id };
	else if (phone)
		*out = (struct pictured){ &phone->picture, &phone->picture_id.text };
	return group || phone;
}

/* The picture is served by the media host, under its id. */
static void give_picture(struct sim_device *d, const struct node *iq, const struct pictured *p)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *answer = sim_result(d, iq), *picture;
	const char *host = d->conn ? d->conn->media_host : "";

	if (!p->octets->len) {
		sim_error(d, iq, 404, "item-not-found");
		return;
	}
	picture = node_add(arena, answer, "picture");
	node_put(arena, picture, "id", str_of(*p->id));
	node_put(arena, picture, "type", S("image"));
	node_put(arena, picture, "direct_path", arena_printf(arena, "/v/picture/%s.jpg", *p->id));
	node_put(arena, picture, "url",
		arena_printf(arena, "%s://%s/v/picture/%s.jpg",
			d->conn && d->conn->media_is_secure ? "https" : "http", host, *p->id));
	sim_device_answer(d, answer);
}

static void tell_picture(struct sim_device *d, const struct jid *who, const char *id)
{
	struct sim *sim = d->phone->sim;
	struct node *note = sim_notification(sim, who, "picture"),
		    *change = node_add(sim->arena, note, id ? "set" : "delete");
	struct jid author = sim_phone_jid(d->phone, true, 0);
	struct sim_group *group =
		str_is(who->server, JID_SERVER_GROUP) ? sim_group_find(sim, who->user) : NULL;

	node_put_jid(sim->arena, change, "jid", who);
	node_put_jid(sim->arena, change, "author", &author);
	node_put(sim->arena, change, "id", str_of(id));
	for (size_t i = 0; group && i < group->count; i++)
		sim_phone_post(group->members[i].phone, d, note);
	for (size_t i = 0; !group && i < d->phone->watcher_count; i++)
		sim_phone_post(d->phone->watchers[i], NULL, note);
	if (!group)
		sim_phone_post(d->phone, d, note);
}

static void set_picture(struct sim_device *d, const struct node *iq, const struct jid *who,
	const struct pictured *p)
{
	struct sim *sim = d->phone->sim;
	bytes octets = node_child_data(iq, "picture");
	struct node *answer = sim_result(d, iq);

	if (octets.len > PICTURE_MAX) {
		sim_error(d, iq, 406, "not-acceptable");
		return;
	}
	sim_octets_set(p->octets, octets);
	sim_text_set(p->id, octets.len ? arena_printf(sim->arena, "%u", ++sim->next_id) : S(""));
	sim->changes++;
	if (octets.len)
		node_put(sim->arena, node_add(sim->arena, answer, "picture"), "id",
			str_of(*p->id));
	sim_device_answer(d, answer);
	tell_picture(d, who, octets.len ? *p->id : NULL);
}

void sim_take_picture(struct sim_device *d, const struct node *iq)
{
	struct sim *sim = d->phone->sim;
	struct jid who = sim_phone_jid(d->phone, false, 0);
	bool is_other = node_jid(iq, "target", &who) || (node_jid(iq, "to", &who) && who.user.len);
	struct sim_group *group;
	struct pictured p;

	if (!is_other)
		who = sim_phone_jid(d->phone, false, 0);
	if (!find_pictured(sim, &who, &p)) {
		sim_error(d, iq, 404, "item-not-found");
		return;
	}
	if (node_has(iq, "type", "get")) {
		give_picture(d, iq, &p);
		return;
	}
	group = str_is(who.server, JID_SERVER_GROUP) ? sim_group_find(sim, who.user) : NULL;
	if (group ? !sim_group_member(group, d->phone) : sim_phone_of(sim, &who) != d->phone)
		sim_error(d, iq, 403, "forbidden");
	else
		set_picture(d, iq, &who, &p);
}

bytes sim_picture(const struct sim *sim, str id)
{
	for (struct sim_phone *p = sim->phones; p; p = p->next)
		if (p->picture.len && str_is(id, str_of(p->picture_id.text)))
			return (bytes){ p->picture.ptr, p->picture.len };
	for (struct sim_group *g = sim->groups; g; g = g->next)
		if (g->picture.len && str_is(id, str_of(g->picture_id)))
			return (bytes){ g->picture.ptr, g->picture.len };
	return BYTES_NONE;
}

/* ---- about ---- */

void sim_take_about(struct sim_device *d, const struct node *iq)
{
	struct sim *sim = d->phone->sim;
	const struct node *status = node_child(iq, "status");
	struct jid own = sim_phone_jid(d->phone, false, 0);
	struct node *note;

	if (!status) {
		struct node *answer = sim_result(d, iq);

		node_put(sim->arena,
			node_add(sim->arena, node_add(sim->arena, answer, "privacy"), "list"),
			"type", S("contacts"));
		sim_device_answer(d, answer);
		return;
	}
	sim_text_set(&d->phone->about.text, str_from(node_data(status)));
	d->phone->about.t_s = sim->now_ms / 1000;
	sim->changes++;
	sim_device_answer(d, sim_result(d, iq));
	note = sim_notification(sim, &own, "status");
	node_put_data(node_add(sim->arena, note, "set"), node_data(status));
	for (size_t i = 0; i < d->phone->watcher_count; i++)
		sim_phone_post(d->phone->watchers[i], NULL, note);
}

/* ---- privacy ---- */

static const char *const privacy_names[SIM_PRIVACY] = { "last", "online", "profile", "status",
	"readreceipts", "groupadd", "calladd", "messages", "defense", "stickers" };

/* A token for the other side: it may write to us. */
static void issue_tokens(struct sim_device *d, const struct node *tokens)
{
	struct sim *sim = d->phone->sim;
	struct jid own = sim_phone_jid(d->phone, false, 0), lid = sim_phone_jid(d->phone, true, 0);

	for (const struct node *n = tokens->first; n; n = n->next) {
		uint8_t *octets = arena_alloc(sim->arena, 24);
		struct sim_phone *to;
		struct node *note, *token;
		struct jid jid;

		to = node_jid(n, "jid", &jid) ? sim_phone_of(sim, &jid) : NULL;
		if (!to)
			continue;
		sim_random(sim, octets, 24);
		note = sim_notification(sim, &own, "privacy_token");
		node_put_jid(sim->arena, note, "sender_lid", &lid);
		token = node_add(sim->arena, node_add(sim->arena, note, "tokens"), "token");
		node_put(sim->arena, token, "type", S("trusted_contact"));
		node_put(sim->arena, token, "t", node_text(sim->arena, n, "t"));
		node_put_data(token, (bytes){ octets, 24 });
		sim_phone_post(to, NULL, note);
	}
}

static void set_category(struct sim_phone *phone, const struct node *category)
{
	struct arena *arena = phone->sim->arena;

	for (size_t i = 0; i < SIM_PRIVACY; i++)
		if (node_has(category, "name", privacy_names[i]))
			sim_text_set(&phone->privacy[i], node_text(arena, category, "value"));
	phone->sim->changes++;
}

void sim_take_privacy(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	const struct node *tokens = node_child(iq, "tokens"), *set = node_child(iq, "privacy");
	struct node *answer = sim_result(d, iq), *privacy;

	if (tokens)
		issue_tokens(d, tokens);
	for (const struct node *n = set ? set->first : NULL; n; n = n->next)
		set_category(d->phone, n);
	if (!tokens) {
		privacy = node_add(arena, answer, "privacy");
		for (size_t i = 0; i < SIM_PRIVACY; i++) {
			struct node *category = node_add(arena, privacy, "category");
			const char *value = d->phone->privacy[i];

			node_put(arena, category, "name", str_of(privacy_names[i]));
			node_put(arena, category, "value", value ? str_of(value) : S("all"));
		}
	}
	sim_device_answer(d, answer);
}

/* ---- who is blocked ---- */

static void block(struct sim_phone *phone, struct sim_phone *whom, bool is_blocked)
{
	size_t kept = 0;

	for (size_t i = 0; i < phone->blocked_count; i++)
		if (phone->blocked[i] != whom)
			phone->blocked[kept++] = phone->blocked[i];
	phone->blocked_count = kept;
	if (is_blocked) {
		phone->blocked = heap_grow(phone->blocked, (kept + 1) * sizeof whom);
		phone->blocked[phone->blocked_count++] = whom;
	}
	phone->sim->changes++;
}

static void tell_blocked(struct sim_device *d, struct sim_phone *whom, const char *action)
{
	struct sim *sim = d->phone->sim;
	struct jid own = sim_phone_jid(d->phone, false, 0), jid = sim_phone_jid(whom, true, 0);
	struct node *note = sim_notification(sim, &own, "account_sync"),
		    *list = node_add(sim->arena, note, "blocklist"),
		    *item = node_add(sim->arena, list, "item");

	node_put(sim->arena, list, "action", S("modify"));
	node_put_jid(sim->arena, item, "jid", &jid);
	node_put(sim->arena, item, "action", str_of(action));
	sim_phone_post(d->phone, d, note);
}

void sim_take_blocklist(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	const struct node *item = node_child(iq, "item");
	struct node *answer = sim_result(d, iq), *list = node_add(arena, answer, "list");
	struct sim_phone *whom;
	struct jid jid;

	if (item) {
		bool is_blocked = node_has(item, "action", "block");

		whom = node_jid(item, "jid", &jid) ? sim_phone_of(d->phone->sim, &jid) : NULL;
		if (!whom) {
			sim_error(d, iq, 404, "item-not-found");
			return;
		}
		block(d->phone, whom, is_blocked);
		tell_blocked(d, whom, is_blocked ? "block" : "unblock");
	}
	for (size_t i = 0; i < d->phone->blocked_count; i++) {
		jid = sim_phone_jid(d->phone->blocked[i], true, 0);
		node_put_jid(arena, node_add(arena, list, "item"), "jid", &jid);
	}
	sim_device_answer(d, answer);
}

/* ---- the rest ---- */

static const char *const business_parts[SIM_BUSINESS] = { "address", "description", "email",
	"website", "website" };

static void set_business(struct sim_phone *phone, const struct node *profile)
{
	bool has_websites = node_child(profile, "website");
	size_t website = 3;

	for (size_t i = 0; i < 3; i++)
		if (node_child(profile, business_parts[i]))
			sim_text_set(&phone->business[i],
				str_from(node_child_data(profile, business_parts[i])));
	for (size_t i = 3; has_websites && i < SIM_BUSINESS; i++)
		sim_text_set(&phone->business[i], S(""));
	for (const struct node *n = profile->first; n && website < SIM_BUSINESS; n = n->next)
		if (node_is(n, "website"))
			sim_text_set(&phone->business[website++], str_from(node_data(n)));
	phone->sim->changes++;
}

static void put_business(struct node *profile, const struct sim_phone *phone)
{
	struct arena *arena = phone->sim->arena;

	for (size_t i = 0; i < SIM_BUSINESS; i++)
		if (phone->business[i] && *phone->business[i])
			node_put_data(node_add(arena, profile, business_parts[i]),
				bytes_of(str_of(phone->business[i])));
}

void sim_take_business(struct sim_device *d, const struct node *iq)
{
	struct sim *sim = d->phone->sim;
	const struct node *asked = node_child(iq, "business_profile"),
			  *wanted = asked ? node_child(asked, "profile") : NULL;
	struct node *answer = sim_result(d, iq),
		    *profiles = node_add(sim->arena, answer, "business_profile"), *profile;
	struct sim_phone *phone;
	struct jid jid;

	if (asked && node_has(iq, "type", "set"))
		set_business(d->phone, asked);
	if (wanted && node_jid(wanted, "jid", &jid)) {
		profile = node_add(sim->arena, profiles, "profile");
		node_put_jid(sim->arena, profile, "jid", &jid);
		phone = sim_phone_of(sim, &jid);
		if (phone)
			put_business(profile, phone);
	}
	sim_device_answer(d, answer);
}

void sim_take_props(struct sim_device *d, const struct node *iq)
{
	static const struct { const char *code, *value; } known[] = {
		{ "10518", "1" }, { "9666", "1" }, { "14303", "1" }, { "865", "604800" },
		{ "909", "4" }, { "996", "4" }, { "997", "604800" },
	};
	struct arena *arena = d->phone->sim->arena;
	struct node *answer = sim_result(d, iq), *props = node_add(arena, answer, "props");

	node_put(arena, props, "protocol", S("1"));
	node_put(arena, props, "hash", S("sim"));
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct node *prop = node_add(arena, props, "prop");

		node_put(arena, prop, "config_code", str_of(known[i].code));
		node_put(arena, prop, "config_value", str_of(known[i].value));
	}
	sim_device_answer(d, answer);
}

static void add_host(struct arena *arena, struct node *media, str name, const char *type)
{
	struct node *host = node_add(arena, media, "host");

	node_put(arena, host, "hostname", name);
	node_put(arena, host, "type", str_of(type));
	node_add(arena, host, "upload");
	node_add(arena, host, "download");
}

/* The same host by another name stands behind the first. */
void sim_take_media_conn(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	const struct sim_media_faults *faults = &d->phone->sim->faults.media;
	struct node *answer = sim_result(d, iq), *media = node_add(arena, answer, "media_conn");
	int ttl_s = faults->ttl_s ? faults->ttl_s : SIM_MEDIA_TTL_S;
	str host = str_of(d->conn ? d->conn->media_host : ""), port = host;

	node_put(arena, media, "auth", arena_printf(arena, SIM_MEDIA_AUTH "%d", faults->auth));
	node_put_int(arena, media, "ttl", ttl_s);
	node_put_int(arena, media, "auth_ttl", ttl_s);
	node_put(arena, media, "max_buckets", S("12"));
	for (int i = 0; i < faults->hosts_down; i++)
		add_host(arena, media, S(NOBODY), "primary");
	add_host(arena, media, host, "primary");
	if (str_is(str_split(&port, ':'), S("127.0.0.1")))
		add_host(arena, media, arena_printf(arena, "localhost:" STR_F, STR_A(port)),
			"fallback");
	sim_device_answer(d, answer);
}
