/* appstate_test.c: two devices and what they tell each other; and what nobody may tell them. */
#include "base/codec.h"
#include "base/test.h"
#include "wa/appstate/action.h"
#include "wa/proto/proto.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

/* A device: its state and its table, as a store would have them. */
struct device_map {
	struct sync_state state;
	struct { uint8_t index[32], value[32]; } rows[64];
	size_t count;
	bool has_no_key;
};

static const uint8_t key_id[6] = { 0, 1, 0, 0, 0x51, 0x22 };

static enum err on_key(void *arg, bytes id, uint8_t out[32])
{
	memset(out, 0x2e, 32);
	if (((struct device_map *)arg)->has_no_key)
		return ERR_MISSING;
	return id.len == 6 && memcmp(id.ptr, key_id, 6) == 0 ? OK : ERR_MISSING;
}

static size_t row_of(const struct device_map *map, const uint8_t index_mac[32])
{
	size_t i = 0;

	while (i < map->count && memcmp(map->rows[i].index, index_mac, 32) != 0)
		i++;
	return i;
}

static enum err on_old(void *arg, const uint8_t index_mac[32], uint8_t out[32])
{
	const struct device_map *map = arg;
	size_t i = row_of(map, index_mac);

	if (i == map->count)
		return ERR_MISSING;
	memcpy(out, map->rows[i].value, 32);
	return OK;
}

static void on_random(void *arg, void *out, size_t size)
{
	static uint8_t next;

	(void)arg;
	memset(out, ++next, size);
}

static struct sync_book book_of(struct device_map *map)
{
	return (struct sync_book){ test_arena(), SYNC_REGULAR_LOW, map, on_key, on_old,
		BYTES_NONE };
}

static void keep(struct device_map *map, const struct sync_step *step)
{
	map->state = step->state;
	for (size_t k = 0; k < step->count; k++) {
		const struct sync_item *item = &step->items[k];
		size_t i = row_of(map, item->index_mac);

		if (item->is_removal) {
			if (i < map->count)
				map->rows[i] = map->rows[--map->count];
			continue;
		}
		map->count += i == map->count;
		memcpy(map->rows[i].index, item->index_mac, 32);
		memcpy(map->rows[i].value, item->value_mac, 32);
	}
}

static struct sync_change change_of(struct wa_sync what, bool is_removal)
{
	enum sync_collection collection;
	struct sync_change change = { is_removal, BYTES_NONE };

	EXPECT_OK(wa_sync_write(test_arena(), &what, &collection, &change.data));
	EXPECT_INT(collection, SYNC_REGULAR_LOW);
	return change;
}

static struct wa_sync pin(const char *chat, bool on)
{
	struct wa_sync what = { .kind = WA_SYNC_PIN, .is_on = on, .t_ms = 5 };

	EXPECT(jid_read(str_of(chat), &what.chat));
	return what;
}

static bytes write(struct device_map *map, const struct sync_change *changes, size_t count)
{
	struct sync_book book = book_of(map);
	const struct sync_writer w = { &book, { key_id, 6 }, on_random, NULL };
	struct sync_step step;
	bytes patch;

	EXPECT_OK(sync_patch_write(&w, &map->state, changes, count, &patch, &step));
	keep(map, &step);
	return patch;
}

static enum err take(struct device_map *map, bytes patch, struct sync_step *step)
{
	struct sync_book book = book_of(map);
	const Wa__SyncdPatch *read =
		PROTO_UNPACK(test_arena(), Wa__SyncdPatch, wa__syncd_patch, patch);

	if (!read)
		return ERR_CORRUPT;
	TRY(sync_patch_read(&book, &map->state, read, NULL, step));
	keep(map, step);
	return OK;
}

TEST(what_one_device_writes_the_other_reads)
{
	struct device_map a = { 0 }, b = { 0 };
	struct sync_change two[] = { change_of(pin("1@lid", true), false),
		change_of(pin("2@lid", true), false) };
	struct sync_change again[] = { change_of(pin("1@lid", false), false),
		change_of(pin("1@lid", true), false), change_of(pin("2@lid", true), true) };
	struct sync_step step;
	struct wa_sync what;

	EXPECT_OK(take(&b, write(&a, two, 2), &step));
	EXPECT_INT(step.count, 2);
	EXPECT_OK(wa_sync_read(test_arena(), &step.items[0], &what));
	EXPECT(what.kind == WA_SYNC_PIN && what.is_on);
	EXPECT_STR(jid_text(test_arena(), &what.chat), "1@lid");
	/* one index twice in a patch, and one that goes */
	EXPECT_OK(take(&b, write(&a, again, 3), &step));
	EXPECT_INT(b.state.version, 2);
	EXPECT_INT(b.count, 1);
	EXPECT(memcmp(&a.state, &b.state, sizeof a.state) == 0);
	EXPECT_OK(wa_sync_read(test_arena(), &step.items[2], &what));
	EXPECT(what.is_removal && !what.is_on);
}

TEST(no_octet_of_a_patch_may_differ)
{
	struct device_map a = { 0 };
	struct sync_change one = change_of(pin("1@lid", true), false);
	bytes patch = write(&a, &one, 1);
	uint8_t *octets = (uint8_t *)arena_bytes(test_arena(), patch).ptr;
	size_t good = 0;

	for (size_t i = 0; i < patch.len; i++) {
		struct device_map b = { 0 };
		struct sync_step step;

		octets[i] ^= 0x40;
		if (take(&b, (bytes){ octets, patch.len }, &step) == OK) {
			EXPECT(memcmp(&a.state, &b.state, sizeof a.state) == 0);
			good++;
		} else {
			EXPECT_INT(b.state.version, 0);
		}
		octets[i] ^= 0x40;
	}
	/* The operation and its tag: what is not REMOVE, or not there, is SET. */
	EXPECT_INT(good, 2);
}

TEST(a_patch_read_twice_or_in_the_wrong_order_does_not_count)
{
	struct device_map a = { 0 }, b = { 0 };
	struct sync_change one = change_of(pin("1@lid", true), false),
			   two = change_of(pin("2@lid", true), false);
	bytes first = write(&a, &one, 1), second = write(&a, &two, 1);
	struct sync_step step;

	EXPECT_ERR(take(&b, second, &step), ERR_CORRUPT);
	EXPECT_OK(take(&b, first, &step));
	EXPECT_ERR(take(&b, first, &step), ERR_CORRUPT);
	EXPECT_OK(take(&b, second, &step));
	EXPECT(memcmp(&a.state, &b.state, sizeof a.state) == 0);
}

TEST(a_key_that_is_missing_is_named)
{
	struct device_map a = { 0 }, b = { .has_no_key = true };
	struct sync_change one = change_of(pin("1@lid", true), false);
	const Wa__SyncdPatch *patch = PROTO_UNPACK(test_arena(), Wa__SyncdPatch, wa__syncd_patch,
		write(&a, &one, 1));
	struct sync_book book = book_of(&b);
	struct sync_step step;

	EXPECT_ERR(sync_patch_read(&book, &b.state, patch, NULL, &step), ERR_MISSING);
	EXPECT_HEX(book.missing, "000100005122");
}

TEST(a_snapshot_is_all_there_is)
{
	struct device_map a = { 0 }, b = { 0 };
	struct sync_change two[] = { change_of(pin("1@lid", true), false),
		change_of(pin("2@lid", true), false) },
			   three = change_of(pin("3@lid", true), false);
	struct sync_book book = book_of(&a);
	const struct sync_writer w = { &book, { key_id, 6 }, on_random, NULL };
	const Wa__SyncdSnapshot *snapshot;
	struct sync_step step;
	bytes packed;

	EXPECT_OK(sync_snapshot_write(&w, 40, two, 2, &packed));
	snapshot = PROTO_UNPACK(test_arena(), Wa__SyncdSnapshot, wa__syncd_snapshot, packed);
	EXPECT_OK(sync_snapshot_read(&book, snapshot, &step));
	keep(&a, &step);
	keep(&b, &step);
	EXPECT_INT(a.state.version, 40);
	EXPECT_OK(take(&b, write(&a, &three, 1), &step));
	EXPECT_INT(b.state.version, 41);
	snapshot->records[0]->value->blob.data[20] ^= 1;
	EXPECT_ERR(sync_snapshot_read(&book, snapshot, &step), ERR_CORRUPT);
	snapshot->records[0]->value->blob.data[20] ^= 1;
	snapshot->version->version = 41;
	EXPECT_ERR(sync_snapshot_read(&book, snapshot, &step), ERR_CORRUPT);
}

TEST(a_value_is_not_taken_for_that_of_another_index)
{
	struct device_map a = { 0 }, b = { 0 };
	struct sync_change two[] = { change_of(pin("1@lid", true), false),
		change_of(pin("2@lid", true), false) };
	Wa__SyncdPatch *patch = PROTO_UNPACK(test_arena(), Wa__SyncdPatch, wa__syncd_patch,
		write(&a, two, 2));
	Wa__SyncdIndex *index = patch->mutations[0]->record->index;
	struct sync_book book = book_of(&b);
	struct sync_step step;

	patch->mutations[0]->record->index = patch->mutations[1]->record->index;
	patch->mutations[1]->record->index = index;
	EXPECT_ERR(sync_patch_read(&book, &b.state, patch, NULL, &step), ERR_CORRUPT);
}

TEST(a_plain_copy_of_the_phone_takes_the_place_of_all)
{
	struct device_map a = { 0 }, b = { 0 };
	struct sync_change one = change_of(pin("1@lid", true), false),
			   two = change_of(pin("2@lid", true), false);
	Wa__SyncdSnapshotRecovery recovery = WA__SYNCD_SNAPSHOT_RECOVERY__INIT;
	Wa__SyncdPlainTextRecord record = WA__SYNCD_PLAIN_TEXT_RECORD__INIT,
				 * records[] = { &record };
	Wa__SyncdVersion version = WA__SYNCD_VERSION__INIT;
	struct sync_book book = book_of(&b);
	struct sync_step step;

	write(&a, &one, 1);
	record.value =
		PROTO_UNPACK(test_arena(), Wa__SyncActionData, wa__sync_action_data, one.data);
	PROTO_SET_DATA(&record, key_id, ((bytes){ key_id, 6 }));
	PROTO_SET_DATA(&record, mac, ((bytes){ a.rows[0].value, 32 }));
	PROTO_SET(&version, version, 1);
	recovery.version = &version;
	recovery.mutation_records = records;
	recovery.n_mutation_records = 1;
	PROTO_SET_DATA(&recovery, collection_lthash, ((bytes){ a.state.hash, 128 }));
	EXPECT_OK(sync_recovery_read(&book, &recovery, &step));
	keep(&b, &step);
	EXPECT(memcmp(a.rows, b.rows, sizeof a.rows[0]) == 0);
	EXPECT_OK(take(&b, write(&a, &two, 1), &step));
	recovery.collection_lthash.len = 127;
	EXPECT_ERR(sync_recovery_read(&book, &recovery, &step), ERR_CORRUPT);
}

/* ---- what the values mean ---- */

static struct wa_sync there_and_back(struct wa_sync what, const char *index)
{
	enum sync_collection collection;
	struct sync_item item = { 0 };
	struct wa_sync back;
	bytes data;

	EXPECT_OK(wa_sync_write(test_arena(), &what, &collection, &data));
	item.data = PROTO_UNPACK(test_arena(), Wa__SyncActionData, wa__sync_action_data, data);
	EXPECT_STR(str_from(PROTO_DATA(item.data, index)), index);
	EXPECT_OK(wa_sync_read(test_arena(), &item, &back));
	EXPECT_INT(back.kind, what.kind);
	EXPECT_INT(back.is_on, what.is_on);
	EXPECT_INT(back.t_ms, what.t_ms);
	return back;
}

TEST(actions_say_what_they_are_about)
{
	struct wa_sync what = { .is_on = true, .t_ms = 1700000000123, .message_id = S("3EB0"),
		.label_id = S("7"), .name = S("Ana"), .text = S("Hello"), .until_ms = -1,
		.color = 4 };
	struct wa_sync back;

	EXPECT(jid_read(S("12@lid"), &what.chat));
	what.kind = WA_SYNC_MUTE;
	EXPECT_INT(there_and_back(what, "[\"mute\",\"12@lid\"]").until_ms, -1);
	what.kind = WA_SYNC_STAR;
	back = there_and_back(what, "[\"star\",\"12@lid\",\"3EB0\",\"0\",\"0\"]");
	EXPECT_STR(back.message_id, "3EB0");
	what.kind = WA_SYNC_LABEL_CHAT;
	there_and_back(what, "[\"label_jid\",\"7\",\"12@lid\"]");
	what.kind = WA_SYNC_LABEL;
	back = there_and_back(what, "[\"label_edit\",\"7\"]");
	EXPECT_STR(back.name, "Ana");
	EXPECT_INT(back.color, 4);
	what.kind = WA_SYNC_LABEL_MESSAGE;
	there_and_back(what, "[\"label_message\",\"7\",\"12@lid\",\"3EB0\",\"0\",\"0\"]");
	what.kind = WA_SYNC_QUICK_REPLY;
	EXPECT_STR(there_and_back(what, "[\"quick_reply\",\"7\"]").text, "Hello");
	what.kind = WA_SYNC_CONTACT;
	EXPECT_STR(there_and_back(what, "[\"contact\",\"12@lid\"]").name, "Ana");
	what.kind = WA_SYNC_PUSH_NAME;
	EXPECT_STR(there_and_back(what, "[\"setting_pushName\"]").name, "Ana");
	what.kind = WA_SYNC_DELETE_CHAT;
	there_and_back(what, "[\"deleteChat\",\"12@lid\",\"0\"]");
	what.kind = WA_SYNC_CLEAR_CHAT;
	there_and_back(what, "[\"clearChat\",\"12@lid\",\"0\",\"0\"]");
	what.kind = WA_SYNC_DELETE_MESSAGE;
	there_and_back(what, "[\"deleteMessageForMe\",\"12@lid\",\"3EB0\",\"0\",\"0\"]");
}

TEST(an_archive_tells_the_newest_message_of_the_chat)
{
	struct wa_sync what = { .kind = WA_SYNC_ARCHIVE, .is_on = true, .t_ms = 1 }, back;

	EXPECT(jid_read(S("120363@g.us"), &what.chat));
	what.range = (struct wa_sync_range){ .last_ms = 1700000000000, .count = 1,
		.messages = { { .id = S("3EB0"), .t_ms = 1700000000000 } } };
	EXPECT(jid_read(S("12@lid"), &what.range.messages[0].sender));
	back = there_and_back(what, "[\"archive\",\"120363@g.us\"]");
	EXPECT_INT(back.range.last_ms, 1700000000000);
	EXPECT_INT(back.range.count, 1);
	EXPECT_STR(back.range.messages[0].id, "3EB0");
	EXPECT_STR(jid_text(test_arena(), &back.range.messages[0].sender), "12@lid");
}

TEST(what_lacks_its_chat_or_has_no_form_is_refused)
{
	struct wa_sync what = { .kind = WA_SYNC_PIN };
	enum sync_collection collection;
	bytes data;

	EXPECT_ERR(wa_sync_write(test_arena(), &what, &collection, &data), ERR_INPUT);
	EXPECT(jid_read(S("12@lid"), &what.chat));
	what.kind = WA_SYNC_STATUS_MUTE;
	EXPECT_ERR(wa_sync_write(test_arena(), &what, &collection, &data), ERR_INPUT);
	what.kind = WA_SYNC_OTHER;
	EXPECT_ERR(wa_sync_write(test_arena(), &what, &collection, &data), ERR_INPUT);
	what.kind = WA_SYNC_STAR;
	EXPECT_ERR(wa_sync_write(test_arena(), &what, &collection, &data), ERR_INPUT);
}
