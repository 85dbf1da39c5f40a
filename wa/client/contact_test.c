/* contact_test.c: people, calls and restrictions, as the server tells them. */
#include "base/test.h"
#include "wa/client/call.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"
#include "wa/client/node_text.h"
#include "wa/client/usync.h"
#include "wa/proto/proto.h"
#include "wa_misc.pb-c.h"

static struct jid jid_of(const char *text)
{
	struct jid jid;

	EXPECT(jid_read(str_of(text), &jid));
	return jid;
}

static void has(struct node *iq, const char *inside)
{
	str shown = node_shown(iq);

	if (!str_has(shown, str_of(inside)))
		test_fail(__FILE__, __LINE__, "%s not in " STR_F, inside, STR_A(shown));
}

TEST(the_best_of_the_known_names_is_taken)
{
	struct wa_person_names names = { .push = S("ana <3"), .username = S("ana") };

	EXPECT_STR(wa_contact_name(&names), "ana <3");
	names.verified = S("Ana's Shop");
	EXPECT_STR(wa_contact_name(&names), "Ana's Shop");
	names.full = S("Ana Silva");
	EXPECT_STR(wa_contact_name(&names), "Ana Silva");
	EXPECT(!wa_contact_name(&(struct wa_person_names){ 0 }).ptr);
}

/* ---- usync ---- */

TEST(whether_numbers_are_on_whatsapp_is_asked_for_all_at_once)
{
	const struct wa_usync_user users[] = { { .phone = S("15550001111") },
		{ .phone = S("5511999990000") } };
	const struct wa_usync usync = { .purpose = WA_USYNC_FOR_EXISTENCE, .sid = S("7.1-2"),
		.users = users, .count = 2 };

	EXPECT_STR(node_shown(wa_usync_request(test_arena(), &usync)),
		"<iq xmlns=\"usync\" type=\"get\" to=\"s.whatsapp.net\"><usync sid=\"7.1-2\""
		" mode=\"query\" last=\"true\" index=\"0\" "
		"context=\"interactive\"><query><contact/>"
		"<business><verified_name/></business><lid/></query><list><user><contact>"
		"2b3135353530303031313131</contact></user><user><contact>"
		"2b35353131393939393930303030</contact></user></list></usync></iq>");
}

TEST(devices_are_asked_for_by_address_and_with_a_token)
{
	const struct wa_usync_user user = { .jid = jid_of("20000000002222@lid"),
		.token = bytes_of(S("tok")) };
	struct wa_usync usync = { .purpose = WA_USYNC_FOR_SENDING, .sid = S("1"), .users = &user,
		.count = 1 };

	has(wa_usync_request(test_arena(), &usync),
		"context=\"message\"><query><devices version=\"2\"/><lid/></query><list>"
		"<user jid=\"20000000002222@lid\"><tctoken>746f6b</tctoken></user></list>");
	usync.purpose = WA_USYNC_FOR_INFO;
	has(wa_usync_request(test_arena(), &usync), "mode=\"full\"");
}

TEST(answers_about_people_are_read_and_refused_parts_are_absent)
{
	struct wa_usync_result *r;
	size_t count;

	EXPECT_OK(wa_usync_read(test_arena(),
		node_of("<iq type='result'><usync sid='1'><list>"
			"<user jid='20000000002222@lid' pn_jid='5511999990000@s.whatsapp.net'>"
			"<contact type='in'>+5511999990000</contact><status "
			"t='1790000000'>Busy</status>"
			"<picture id='77'/><disappearing_mode duration='86400' t='1'/>"
			"<username>ana</username></user>"
			"<user jid='15550001111@s.whatsapp.net'><contact "
			"type='out'>15550001111@c.us"
			"</contact><lid val='10000000001111@lid'/><status code='401'/>"
			"<picture><error code='404'/></picture><business/></user>"
			"</list></usync></iq>"),
		&r, &count));
	EXPECT_INT(count, 2);
	EXPECT(r[0].is_here && !r[1].is_here);
	EXPECT_STR(r[0].phone, "5511999990000");
	EXPECT_STR(r[0].names.lid.user, "20000000002222");
	EXPECT_STR(r[0].names.pn.user, "5511999990000");
	EXPECT_STR(r[0].about, "Busy");
	EXPECT_INT(r[0].about_ms, 1790000000000);
	EXPECT_STR(r[0].picture_id, "77");
	EXPECT_STR(r[0].username, "ana");
	EXPECT_INT(r[0].ephemeral_s, 86400);
	EXPECT_STR(r[1].phone, "15550001111");
	EXPECT_STR(r[1].names.lid.user, "10000000001111");
	EXPECT(r[1].is_about_hidden);
	EXPECT(!(r[1].told & (WA_USYNC_PICTURE | WA_USYNC_BUSINESS)));
}

TEST(a_verified_name_is_that_of_the_certificate)
{
	Wa__VerifiedNameDetails details = WA__VERIFIED_NAME_DETAILS__INIT;
	Wa__VerifiedNameCertificate certificate = WA__VERIFIED_NAME_CERTIFICATE__INIT;

	details.verified_name = (char *)"Ana's Shop";
	PROTO_SET_DATA(&certificate, details, proto_bytes(test_arena(), &details));
	EXPECT_STR(wa_verified_name_read(test_arena(), proto_bytes(test_arena(), &certificate)),
		"Ana's Shop");
	EXPECT(!wa_verified_name_read(test_arena(), bytes_of(S("\xff"))).ptr);
}

/* ---- pairs ---- */

TEST(what_is_asked_about_people_is_in_the_words_of_the_protocol)
{
	struct arena *a = test_arena();
	struct jid group = jid_of("1@g.us"), ana = jid_of("20000000002222@lid");
	struct wa_names names = { ana, jid_of("5511999990000@s.whatsapp.net") };

	has(wa_picture_request(a, &(struct wa_picture_ask){ .of = ana, .known_id = S("7") }),
		"target=\"20000000002222@lid\"><picture type=\"preview\" query=\"url\" id=\"7\"/>");
	has(wa_picture_set_request(a, &group, bytes_of(S("JPEG"))),
		"target=\"1@g.us\"><picture type=\"image\">4a504547</picture>");
	EXPECT(!wa_picture_set_request(a, NULL, BYTES_NONE)->first);
	has(wa_about_set_request(a, S("Hi")), "xmlns=\"status\"");
	has(wa_business_request(a, &ana), "<business_profile v=\"244\"><profile jid=");
	has(wa_business_set_request(a, &(struct wa_business){ .email = S("a@b.c") }),
		"mutation_type=\"delta\"><email>");
	has(wa_block_request(a, &names, true),
		"<item action=\"block\" jid=\"20000000002222@lid\""
		" pn_jid=\"5511999990000@s.whatsapp.net\"/>");
	has(wa_block_request(a, &names, false),
		"<item action=\"unblock\" jid=\"20000000002222@lid\"/>");
	has(wa_privacy_set_request(a, &(struct wa_privacy){ S("last"), S("none") }),
		"<privacy><category name=\"last\" value=\"none\"/></privacy>");
	has(wa_ephemeral_default_request(a, 86400), "duration=\"86400\"");
	has(wa_presence_subscribe(a, &ana, bytes_of(S("t"))),
		"<presence type=\"subscribe\" to=\"20000000002222@lid\"><tctoken>");
}

TEST(pictures_come_by_url_are_the_same_hidden_or_none)
{
	struct wa_picture p;

	EXPECT_OK(wa_picture_read(test_arena(),
		node_of("<iq type='result'><picture id='8' url='https://pps.whatsapp.net/v' type="
			"'image' direct_path='/v'/></iq>"),
		&p));
	EXPECT_STR(p.url, "https://pps.whatsapp.net/v");
	EXPECT_OK(wa_picture_read(test_arena(),
		node_of("<iq type='result'><picture status='304'/></iq>"), &p));
	EXPECT(p.is_same);
	EXPECT_ERR(wa_picture_read(test_arena(), node_of("<iq type='result'/>"), &p), ERR_MISSING);
	EXPECT(p.is_none);
	EXPECT_ERR(wa_picture_read(test_arena(),
			   node_of("<iq type='error'><error code='404'/></iq>"), &p),
		ERR_MISSING);
	EXPECT(p.is_none);
	EXPECT_ERR(wa_picture_read(test_arena(),
			   node_of("<iq type='error'><error code='401'/></iq>"), &p),
		ERR_DENIED);
}

TEST(businesses_blocks_and_privacy_are_read)
{
	struct wa_business b;
	struct wa_names *blocked;
	struct wa_privacy *privacy;
	size_t count;

	EXPECT_OK(wa_business_read(test_arena(),
		node_of("<iq type='result'><business_profile><profile jid='1@lid'><address>Rua "
			"1</address>"
			"<website>https://a.example</website><website>https://b.example</website>"
			"<website>https://c.example</website><categories><category "
			"id='1'>Shop</category>"
			"</categories></profile></business_profile></iq>"),
		&b));
	EXPECT_STR(b.address, "Rua 1");
	EXPECT_STR(b.category, "Shop");
	EXPECT_INT(b.website_count, 2);
	EXPECT_OK(wa_blocked_read(test_arena(),
		node_of("<iq type='result'><list dhash='x'><item jid='20000000002222@lid'"
			" pn_jid='5511999990000@s.whatsapp.net'/><item/></list></iq>"),
		&blocked, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(blocked[0].pn.user, "5511999990000");
	EXPECT_OK(wa_privacy_read(test_arena(),
		node_of("<iq type='result'><privacy><category name='last' "
			"value='all'/></privacy></iq>"),
		&privacy, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(privacy[0].value, "all");
}

/* ---- notifications ---- */

static struct wa_contacts told(const char *notification, struct wa_group_change **of_group)
{
	struct wa_contacts contacts;

	wa_contact_read_notification(test_arena(), node_of(notification), &contacts, of_group);
	return contacts;
}

TEST(a_new_picture_is_told_of_its_owner_and_a_groups_of_the_group)
{
	struct wa_group_change *of_group;
	struct wa_contacts c = told("<notification type='picture' from='2@lid' t='5'>"
				    "<set jid='2@lid' id='88'/></notification>",
		&of_group);

	EXPECT_INT(c.count, 1);
	EXPECT_STR(c.items[0].picture_id, "88");
	EXPECT_INT(c.items[0].t_ms, 5000);
	EXPECT(!of_group);
	c = told("<notification type='picture' from='1@g.us' t='5'>"
		 "<delete jid='1@g.us' author='2@lid'/></notification>",
		&of_group);
	EXPECT_INT(c.count, 0);
	EXPECT(of_group->event == WA_GROUP_PICTURE && of_group->text.ptr && !of_group->text.len);
	EXPECT_STR(of_group->who.user, "2");
}

TEST(about_texts_and_businesses_that_change_are_told)
{
	struct wa_group_change *of_group;
	struct wa_contacts c = told("<notification type='status' from='2@lid' t='5'>"
				    "<set>Away</set></notification>",
		&of_group);

	EXPECT_STR(c.items[0].about, "Away");
	c = told("<notification type='business' from='2@lid'><profile/></notification>", &of_group);
	EXPECT_INT(c.items[0].told, WA_CONTACT_BUSINESS);
	c = told("<notification type='business' from='2@lid'><remove/></notification>", &of_group);
	EXPECT_INT(c.items[0].told, WA_CONTACT_VERIFIED);
	EXPECT(c.items[0].verified_name.ptr);
}

TEST(blocks_made_on_the_phone_are_told_one_by_one_or_as_a_whole)
{
	struct wa_group_change *of_group;
	struct wa_contacts c =
		told("<notification type='account_sync' from='1@s.whatsapp.net'>"
		     "<blocklist action='modify'><item jid='2@lid' action='block'/>"
		     "<item jid='3@lid' action='unblock'/></blocklist></notification>",
			&of_group);

	EXPECT_INT(c.count, 2);
	EXPECT(c.items[0].is_blocked && !c.items[1].is_blocked);
	EXPECT_STR(c.items[1].names.lid.user, "3");
	c = told("<notification type='account_sync' from='1@s.whatsapp.net'>"
		 "<blocklist action='modify' dhash='x'/></notification>",
		&of_group);
	EXPECT_INT(c.items[0].told, WA_CONTACT_BLOCK_LIST);
}

TEST(a_restriction_of_the_account_is_told_with_its_end)
{
	struct wa_restriction r;

	EXPECT(wa_restriction_read(test_arena(),
		node_of("<notification type='mex'><update op_name='NotificationUserReachoutTimelock"
			"Update'>{\"data\":{\"xwa2_notify\":{\"is_active\":true,"
			"\"time_enforcement_ends\":\"1790003600\",\"enforcement_type\":\"BIZ\"}}}"
			"</update></notification>"),
		&r));
	EXPECT(r.is_active);
	EXPECT_STR(r.kind, "reachout_timelock");
	EXPECT_INT(r.until_ms, 1790003600000);
	EXPECT_STR(r.detail, "BIZ");
	EXPECT(wa_restriction_read(test_arena(),
		node_of("<notification type='mex'><update op_name='MessageCappingInfoNotification'>"
			"{\"data\":{\"x\":{\"total_quota\":50,\"used_quota\":45,"
			"\"capping_status\":\"FIRST_WARNING\"}}}</update></notification>"),
		&r));
	EXPECT(r.is_active);
	EXPECT_INT(r.quota, 50);
	EXPECT_INT(r.used, 45);
	EXPECT(!wa_restriction_read(test_arena(),
		node_of("<notification type='mex'><update "
			"op_name='Other'>{}</update></notification>"),
		&r));
}

/* ---- calls ---- */

TEST(a_call_is_told_and_refused_by_its_creator)
{
	struct wa_phone_call call;
	struct jid own = jid_of("10000000001111@lid");

	EXPECT(wa_call_read(test_arena(),
		node_of("<call from='2@lid' id='S1' t='1790000000' notify='Ana'><offer call-id='C1'"
			" call-creator='2:3@lid' caller_pn='5511999990000@s.whatsapp.net'><audio/>"
			"<video/></offer></call>"),
		&call));
	EXPECT_INT(call.event, WA_CALL_OFFERED);
	EXPECT(call.is_video && !call.is_offline);
	EXPECT_STR(call.names.pn.user, "5511999990000");
	EXPECT_STR(call.name, "Ana");
	EXPECT_STR(node_shown(wa_call_reject_node(test_arena(), &own, &call)),
		"<call from=\"10000000001111@lid\" to=\"2:3@lid\"><reject call-id=\"C1\""
		" call-creator=\"2:3@lid\" count=\"0\"/></call>");
	EXPECT(wa_call_read(test_arena(),
		node_of("<call from='2@lid' t='1'><terminate call-id='C1' call-creator='2@lid'"
			" reason='timeout'/></call>"),
		&call));
	EXPECT_INT(call.event, WA_CALL_ENDED);
	EXPECT_STR(call.text, "timeout");
	EXPECT(!wa_call_read(test_arena(),
		node_of("<call from='2@lid' t='1'><transport call-id='C1'/></call>"), &call));
}
