/* message.c: what a stranger sends end to end: read, described, shown to people, and written again.
 * The first octet says what is known beside it. */
#include "fuzz/fuzz.h"

#include "crypto/crypto.h"
#include "provider/linked/content.h"

static void look_at(struct arena *arena, const Wa__Message *m, uint8_t flags)
{
	static const uint8_t secret[WA_SECRET_SIZE];
	struct wa_addon addon = { .secret = { secret, sizeof secret }, .target_id = S("3EB0"),
		.target_author = { S("1@lid"), S("1@s.whatsapp.net") }, .author = { S("2@lid") } };
	struct linked_said said = { .message = m, .id = S("3EB0"), .chat = S("2@lid"),
		.sender = S("2@lid"), .is_from_me = flags & 1, .is_group = flags & 2,
		.addon = flags & 4 ? &addon : NULL };
	struct provider_event ev = { 0 };
	struct wa_inside inside;
	json content;

	wa_message_unwrap(m, &inside);
	wa_addon_target(inside.content, &addon.use);
	if (addon.use == WA_USES)
		addon.use = WA_USE_POLL_VOTE;
	if (linked_content_read(arena, &said, &ev) && ev.content.len &&
		ev.content.len < JSON_SIZE_MAX)
		MUST(json_read(arena, ev.content, &content, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	bytes packed = { data + 1, size ? size - 1 : 0 };
	Wa__Message *m =
		size ? PROTO_UNPACK(arena, Wa__Message, wa__message, packed) : NULL;
	struct wa_outline outline;
	bytes again;

	crypto_init();
	if (m) {
		wa_message_describe(m, &outline);
		look_at(arena, m, data[0]);
		again = proto_bytes(arena, m);
		/* A field of number 0 does not come back: only that it is survived. */
		(void)PROTO_UNPACK(arena, Wa__Message, wa__message, again);
		wa_reporting_content(arena, packed);
	}
	return 0;
}
