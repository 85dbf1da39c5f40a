/*
 * group.c: groups of customers. A group is a customer with members instead of a phone: messages go
 * to its id, and what a member writes into it stands in its thread.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#define SUBJECT_MAX 128
#define GROUP_ID_RANDOM 18

static struct customer *group_make(struct sandbox *sb, struct arena *arena, str subject)
{
	struct customer *group;

	if (sb->customer_count == CUSTOMERS_MAX)
		return NULL;
	group = HEAP_NEW(struct customer);
	group->is_group = true;
	group->phone = heap_text(arena_printf(arena, "Y2FwaV9ncm91cDo" STR_F,
		STR_A(crypto_random_text(arena, GROUP_ID_RANDOM))));
	group->name = heap_text(str_first_points(subject, SUBJECT_MAX));
	group->username = heap_text(S(""));
	group->user_id = heap_text(S(""));
	*sb->customers_end = group;
	sb->customers_end = &group->next;
	sb->customer_count++;
	table_put(sb->by_phone, str_of(group->phone), group);
	return group;
}

struct customer *group_find(struct sandbox *sb, str id)
{
	struct customer *c = customer_find(sb, id);

	return c && c->is_group ? c : NULL;
}

static void tell_created(struct sandbox *sb, struct number *number, const struct customer *group)
{
	struct buf b = buf_heap(64u << 10), seconds = buf_heap(24);

	buf_i64(&seconds, clock_now_ms() / 1000);
	webhook_open(&b, number, "group_lifecycle_update");
	json_open_in(&b, "groups", '[');
	json_open(&b, '{');
	json_put(&b, "timestamp", buf_text(&seconds));
	json_put(&b, "group_id", str_of(group->phone));
	json_put(&b, "type", S("group_create"));
	json_put(&b, "subject", str_of(group->name));
	json_close(&b, '}');
	json_close(&b, ']');
	webhook_close(&b);
	webhook_post(sb, number, NULL, "groups", &b);
	buf_done(&seconds);
	buf_done(&b);
}

static bool take_members(struct sandbox *sb, struct customer *group, json members)
{
	for (size_t i = 0; i < json_count(members) && json_kind(members) == JSON_LIST; i++) {
		struct customer *member = customer_find(sb, json_text(json_at(members, i)));

		if (!member || member->is_group || group->member_count == GROUP_MEMBERS_MAX)
			return false;
		group->members[group->member_count++] = member;
	}
	return true;
}

/* {"subject", "members":["phone",…], "phone_number_id"?} */
void control_group_create(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);
	struct customer *group;
	struct number *number;
	json v;

	if (!read_object(ex, req, &v))
		return;
	number = control_number(ex, json_text_at(v, "phone_number_id"));
	if (!number)
		return;
	group = json_text_at(v, "subject").len
	                ? group_make(the_sandbox, exchange_arena(ex), json_text_at(v, "subject"))
	                : NULL;
	if (!group || !take_members(the_sandbox, group, json_field(v, "members"))) {
		answer_control_error(ex, 400,
			"A group has a subject and at most 8 members, who are customers.");
		return;
	}
	tell_created(the_sandbox, number, group);
	json_open(&b, '{');
	json_put(&b, "group_id", str_of(group->phone));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}
