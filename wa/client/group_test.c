/* group_test.c: groups as answers and notifications tell them, and what is kept of them. */
#include "base/test.h"
#include "wa/client/group.h"
#include "wa/client/node_text.h"

#define GROUP "120363000000000001@g.us"
#define PARTICIPANTS                                                                      \
	"<participant jid='10000000001111@lid' phone_number='15550001111@s.whatsapp.net'" \
	" type='superadmin'/>"                                                            \
	"<participant jid='20000000002222@lid' phone_number='5511999990000@s.whatsapp.net'/>" \
	"<participant jid='30000000003333@lid' type='admin' display_name='+55 ** ***12'/>"
#define GROUP_NODE                                                                        \
	"<group id='120363000000000001' subject='Choir' creation='1790000000' size='3'"   \
	" creator='10000000001111@lid' addressing_mode='lid'>" PARTICIPANTS               \
	"<description id='D1'><body>Tuesdays at 8</body></description><announcement/>"    \
	"<ephemeral expiration='604800'/><member_add_mode>all_member_add</member_add_mode>" \
	"<membership_approval_mode><group_join state='on'/></membership_approval_mode></group>"
#define NOTIFICATION(inside)                                                              \
	"<notification type='w:gp2' from='" GROUP "' participant='20000000002222@lid'"    \
	" participant_pn='5511999990000@s.whatsapp.net' t='1790000100' notify='Ana'>" inside \
	"</notification>"

/* A store of one record. */
static struct { char key[64]; uint8_t value[4096]; size_t len; bool is_there; } kept;

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	(void)arg;
	if (kind != WA_RECORD_GROUP || !kept.is_there || !str_is(key, str_of(kept.key)))
		return ERR_MISSING;
	*out = arena_bytes(arena, (bytes){ kept.value, kept.len });
	return OK;
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	(void)arg;
	(void)kind;
	memset(kept.key, 0, sizeof kept.key);
	memcpy(kept.key, key.ptr, key.len);
	memcpy(kept.value, value.ptr, value.len);
	kept.len = value.len;
	kept.is_there = true;
	return OK;
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	(void)arg;
	(void)kind;
	(void)key;
	kept.is_there = false;
	return OK;
}

static const struct wa_store store = { .get = get, .put = put, .erase = erase };

static struct jid jid_of(const char *text)
{
	struct jid jid;

	EXPECT(jid_read(str_of(text), &jid));
	return jid;
}

static struct wa_group read_group(void)
{
	struct wa_group group;

	EXPECT_OK(wa_group_read(test_arena(),
		node_of("<iq type='result' from='" GROUP "'>" GROUP_NODE "</iq>"), &group));
	return group;
}

static struct wa_group load(void)
{
	struct jid jid = jid_of(GROUP);
	struct wa_group group;

	EXPECT_OK(wa_group_load(&store, test_arena(), &jid, &group));
	return group;
}

static struct wa_group_changes take(const char *notification)
{
	struct wa_group_changes changes;

	EXPECT_OK(wa_group_take(&store, test_arena(), node_of(notification), &changes));
	return changes;
}

static void save_group(void)
{
	struct wa_group group = read_group();

	EXPECT_OK(wa_group_save(&store, test_arena(), &group));
}

TEST(an_answer_tells_all_of_a_group)
{
	struct wa_group g = read_group();

	EXPECT_STR(jid_text(test_arena(), &g.jid), GROUP);
	EXPECT_STR(g.subject, "Choir");
	EXPECT_STR(g.description, "Tuesdays at 8");
	EXPECT_STR(g.description_id, "D1");
	EXPECT(g.is_lid && g.is_announce && g.is_open && g.is_approval && !g.is_locked);
	EXPECT_INT(g.ephemeral_s, 604800);
	EXPECT_INT(g.created_ms, 1790000000000);
	EXPECT_INT(g.member_count, 3);
	EXPECT(g.members[0].is_owner && g.members[0].is_admin);
	EXPECT(!g.members[1].is_admin && g.members[2].is_admin && !g.members[2].is_owner);
	EXPECT_STR(g.members[1].names.pn.user, "5511999990000");
	EXPECT_STR(g.members[2].name, "+55 ** ***12");
}

TEST(what_is_kept_of_a_group_comes_back)
{
	struct jid device = jid_of("5511999990000:3@s.whatsapp.net");
	struct wa_group g;

	save_group();
	g = load();
	EXPECT_STR(g.subject, "Choir");
	EXPECT(g.is_lid && g.is_announce && g.is_approval);
	EXPECT_INT(g.member_count, 3);
	EXPECT_STR(jid_text(test_arena(), &g.members[1].jid), "20000000002222@lid");
	EXPECT(wa_group_member(&g, &device) == &g.members[1]);
	kept.len--;
	EXPECT_ERR(wa_group_load(&store, test_arena(), &g.jid, &g), ERR_CORRUPT);
	kept.is_there = false;
	EXPECT_ERR(wa_group_load(&store, test_arena(), &g.jid, &g), ERR_MISSING);
}

TEST(members_who_come_and_go_change_the_record_and_only_going_ends_the_sender_key)
{
	struct wa_group_changes changes;
	struct wa_group g;

	save_group();
	changes = take(NOTIFICATION("<add reason='invite'><participant jid='40000000004444@lid'"
				    " phone_number='15550004444@s.whatsapp.net'/></add>"));
	EXPECT_INT(changes.count, 1);
	EXPECT_INT(changes.items[0].event, WA_GROUP_ADDED);
	EXPECT_STR(changes.items[0].text, "invite");
	EXPECT_STR(changes.items[0].who_name, "Ana");
	EXPECT_STR(changes.items[0].who_names.pn.user, "5511999990000");
	EXPECT_INT(changes.items[0].t_ms, 1790000100000);
	EXPECT(!changes.someone_left);
	EXPECT_INT(load().member_count, 4);
	changes = take(NOTIFICATION("<remove><participant jid='20000000002222@lid'/></remove>"));
	EXPECT(changes.someone_left);
	g = load();
	EXPECT_INT(g.member_count, 3);
	EXPECT(!wa_group_member(&g, &changes.items[0].members[0].jid));
	changes = take(NOTIFICATION("<promote><participant jid='15550004444@s.whatsapp.net'/>"
				    "</promote><demote><participant jid='30000000003333@lid'/>"
				    "</demote>"));
	EXPECT_INT(changes.count, 2);
	g = load();
	EXPECT(g.members[2].is_admin && !g.members[1].is_admin);
}

TEST(settings_change_with_their_notifications)
{
	struct wa_group_changes changes;
	struct wa_group g;

	save_group();
	changes = take(NOTIFICATION("<subject subject='Band' s_t='1'/><not_announcement/><locked/>"
				    "<not_ephemeral/><description id='D2'><body>Now Fridays</body>"
				    "</description><member_add_mode>admin_add</member_add_mode>"
				    "<membership_approval_mode><group_join state='off'/>"
				    "</membership_approval_mode><invite code='NEW'/><something/>"));
	EXPECT_INT(changes.count, 9);
	EXPECT_STR(str_of(wa_group_event_name(changes.items[7].event)), "invite");
	EXPECT_STR(changes.items[7].text, "NEW");
	EXPECT_INT(changes.items[8].event, WA_GROUP_OTHER);
	EXPECT_STR(changes.items[8].text, "something");
	g = load();
	EXPECT_STR(g.subject, "Band");
	EXPECT_STR(g.description, "Now Fridays");
	EXPECT_STR(g.description_id, "D2");
	EXPECT(!g.is_announce && g.is_locked && !g.is_open && !g.is_approval && !g.ephemeral_s);
}

TEST(a_group_that_is_made_is_kept_and_one_that_ends_is_forgotten)
{
	struct jid jid = jid_of(GROUP);
	struct wa_group g;

	kept.is_there = false;
	take(NOTIFICATION("<subject subject='Band'/>"));
	EXPECT(!kept.is_there);
	take(NOTIFICATION("<create/>"));
	EXPECT(!kept.is_there);
	take(NOTIFICATION("<create reason='invite'>" GROUP_NODE "</create>"));
	EXPECT_INT(load().member_count, 3);
	take(NOTIFICATION("<delete/>"));
	EXPECT_ERR(wa_group_load(&store, test_arena(), &jid, &g), ERR_MISSING);
}

TEST(somebody_who_asks_to_join_is_named_by_the_actor)
{
	struct wa_group_changes changes;

	kept.is_there = false;
	changes = take(NOTIFICATION("<created_membership_requests request_method='invite_link'/>"));
	EXPECT_INT(changes.items[0].event, WA_GROUP_ASKED);
	EXPECT_INT(changes.items[0].member_count, 1);
	EXPECT_STR(changes.items[0].members[0].names.lid.user, "20000000002222");
}

TEST(a_notification_of_no_group_says_nothing)
{
	struct wa_group_changes changes =
		take("<notification type='w:gp2' from='5@s.whatsapp.net'><locked/></notification>");

	EXPECT_INT(changes.count, 0);
}

/* ---- asking ---- */

TEST(a_group_is_made_with_its_members_and_their_tokens)
{
	struct wa_invited who[2] = { 0 };
	struct wa_group_draft draft = { .subject = S("Choir"), .key = S("3EB0AA"), .members = who,
		.member_count = 2, .ephemeral_s = 86400, .is_announce = true, .is_approval = true };

	who[0].names.pn = jid_of("15550004444@s.whatsapp.net");
	who[1].names.pn = jid_of("5511999990000@s.whatsapp.net");
	who[1].names.lid = jid_of("20000000002222@lid");
	who[1].token = bytes_of(S("tok"));
	EXPECT_STR(node_shown(wa_group_create_request(test_arena(), &draft)),
		"<iq xmlns=\"w:g2\" type=\"set\" to=\"g.us\"><create subject=\"Choir\""
		" key=\"3EB0AA\"><participant jid=\"15550004444@s.whatsapp.net\"/>"
		"<participant jid=\"20000000002222@lid\""
		" phone_number=\"5511999990000@s.whatsapp.net\"><privacy>746f6b</privacy>"
		"</participant><ephemeral expiration=\"86400\"/><membership_approval_mode>"
		"<group_join "
		"state=\"on\"/></membership_approval_mode><announcement/></create></iq>");
}

TEST(each_change_is_asked_for_in_the_words_of_the_protocol)
{
	struct jid jid = jid_of(GROUP);
	struct arena *a = test_arena();
	const struct { struct node *iq; const char *inside;
	} asked[] = {
		{ wa_group_list_request(a), "<participating><participants/><description/>" },
		{ wa_group_get_request(a, &jid), "<query request=\"interactive\"/>" },
		{ wa_group_leave_request(a, &jid), "<leave><group id=\"" GROUP "\"/></leave>" },
		{ wa_group_setting_request(a, &jid, WA_GROUP_ANNOUNCE, false),
			"<not_announcement/>" },
		{ wa_group_setting_request(a, &jid, WA_GROUP_LOCKED, true), "<locked/>" },
		{ wa_group_setting_request(a, &jid, WA_GROUP_APPROVAL, true),
			"<group_join state=\"on\"/>" },
		{ wa_group_ephemeral_request(a, &jid, 0), "<not_ephemeral/>" },
		{ wa_group_ephemeral_request(a, &jid, 604800),
			"<ephemeral expiration=\"604800\"/>" },
		{ wa_group_link_request(a, &jid, true), "type=\"set\"" },
		{ wa_group_join_request(a, S("https://chat.whatsapp.com/AbC?mode=x")),
			"<invite code=\"AbC\"/>" },
		{ wa_group_linked_request(a, S("AbC")), "<invite code=\"AbC\"/>" },
		{ wa_group_description_request(a, &jid,
			  &(struct wa_group_text){ .id = S("B"), .prev = S("A") }),
			"<description id=\"B\" prev=\"A\" delete=\"true\"/>" },
	};

	for (size_t i = 0; i < COUNT_OF(asked); i++)
		if (!str_has(node_shown(asked[i].iq), str_of(asked[i].inside)))
			test_fail(__FILE__, __LINE__, "%s not in " STR_F, asked[i].inside,
				STR_A(node_shown(asked[i].iq)));
	EXPECT(!wa_group_setting_request(a, &jid, WA_GROUP_SUBJECT, true));
}

TEST(an_add_that_is_refused_tells_of_the_invitation)
{
	struct wa_member *members;
	size_t count;

	EXPECT_OK(wa_group_members_read(test_arena(),
		node_of("<iq type='result'><add><participant jid='20000000002222@lid' error='403'>"
			"<add_request code='INV' expiration='1790000500'/></participant>"
			"<participant jid='40000000004444@lid'/></add></iq>"),
		&members, &count));
	EXPECT_INT(count, 2);
	EXPECT_INT(members[0].error, 403);
	EXPECT_STR(members[0].invite_code, "INV");
	EXPECT_INT(members[0].invite_until_ms, 1790000500000);
	EXPECT_INT(members[1].error, 0);
	EXPECT_OK(wa_group_members_read(test_arena(),
		node_of("<iq type='result'><membership_requests_action><approve>"
			"<participant jid='4@lid' error='404'/></approve>"
			"</membership_requests_action></iq>"),
		&members, &count));
	EXPECT_INT(members[0].error, 404);
	EXPECT_OK(wa_group_asking_read(test_arena(),
		node_of("<iq type='result'><membership_approval_requests>"
			"<membership_approval_request jid='4@lid' request_time='1'/>"
			"</membership_approval_requests></iq>"),
		&members, &count));
	EXPECT_STR(members[0].names.lid.user, "4");
}

TEST(a_link_is_read_and_joining_may_have_to_wait)
{
	struct jid jid;
	bool is_waiting;
	str link;

	EXPECT_OK(wa_group_link_read(test_arena(),
		node_of("<iq type='result'><invite code='AbC'/></iq>"), &link));
	EXPECT_STR(link, "https://chat.whatsapp.com/AbC");
	EXPECT_OK(wa_group_join_read(
		node_of("<iq type='result'><group jid='" GROUP "'/></iq>"), &jid, &is_waiting));
	EXPECT(!is_waiting);
	EXPECT_OK(wa_group_join_read(node_of("<iq type='result'><membership_approval_request "
					     "jid='" GROUP "'/></iq>"),
		&jid, &is_waiting));
	EXPECT(is_waiting);
	EXPECT_STR(jid_text(test_arena(), &jid), GROUP);
}

TEST(a_refusal_of_the_server_has_a_meaning)
{
	struct wa_group group;
	static const struct { const char *iq; enum err e; } answers[] = {
		{ "<iq type='error'><error code='404' text='item-not-found'/></iq>", ERR_MISSING },
		{ "<iq type='error'><error code='403'/></iq>", ERR_DENIED },
		{ "<iq type='error'><error code='429'/></iq>", ERR_LIMIT },
		{ "<iq type='error'><error code='409'/></iq>", ERR_CONFLICT },
		{ "<iq type='error'><error code='503'/></iq>", ERR_UPSTREAM },
		{ "<iq type='error'/>", ERR_UPSTREAM },
		{ "<iq type='result'/>", ERR_CORRUPT },
	};

	for (size_t i = 0; i < COUNT_OF(answers); i++)
		EXPECT_ERR(wa_group_read(test_arena(), node_of(answers[i].iq), &group),
			answers[i].e);
	EXPECT_ERR(wa_group_read(test_arena(), NULL, &group), ERR_TIMEOUT);
}

TEST(all_groups_come_as_one_list)
{
	struct wa_group *groups;
	size_t count;

	EXPECT_OK(wa_group_list_read(test_arena(),
		node_of("<iq type='result'><groups>" GROUP_NODE
			"<group id='5-6' subject='Old' addressing_mode='pn'/><group "
			"subject='none'/>"
			"</groups></iq>"),
		&groups, &count));
	EXPECT_INT(count, 2);
	EXPECT_STR(groups[1].jid.user, "5-6");
	EXPECT(!groups[1].is_lid);
}
