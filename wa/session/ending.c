/* ending.c: see ending.h. */
#include "wa/session/ending.h"

#include <stdlib.h>

#define ASK_PHONE "Look at WhatsApp on the phone, under Linked devices."
#define PAIR_ANEW \
	"Pair the number again: open WhatsApp on the phone, Linked devices, and scan the code."
#define NOTHING "Nothing: it connects again by itself."
#define UPDATE "Update Parley, or set a newer client version."

static const struct wa_ending failures[] = {
	{ "refused", AFTER_STOP, "WhatsApp refused the connection.", ASK_PHONE, 0, 400 },
	{ "logged_out", AFTER_LOGGED_OUT, "The phone unlinked this device.", PAIR_ANEW, 0, 401 },
	{ "temporary_ban", AFTER_WAIT, "WhatsApp banned this number for a while.",
		"Send less, and only to people who expect it; it connects again when the ban is "
		"over.",
		0, 402 },
	{ "primary_locked", AFTER_LOGGED_OUT, "WhatsApp on the phone is logged out or locked.",
		"Open WhatsApp on the phone, then pair the number again.", 0, 403 },
	{ "client_outdated", AFTER_STOP, "WhatsApp does not take this client version any more.",
		UPDATE, 0, 405 },
	{ "banned", AFTER_LOGGED_OUT, "WhatsApp banned this number.",
		"Ask WhatsApp's support on the phone for a review.", 0, 406 },
	{ "bad_user_agent", AFTER_STOP, "WhatsApp does not take what the client says of itself.",
		UPDATE, 0, 409 },
	{ "token_expired", AFTER_STOP, "WhatsApp wants other credentials.", ASK_PHONE, 0, 413 },
	{ "token_invalid", AFTER_STOP, "WhatsApp wants other credentials.", ASK_PHONE, 0, 414 },
	{ "not_found", AFTER_STOP, "WhatsApp does not know this device.", ASK_PHONE, 0, 415 },
	{ "client_unknown", AFTER_STOP, "WhatsApp does not know this kind of client.", UPDATE, 0,
		418 },
	{ "server_error", AFTER_RETRY, "WhatsApp has a fault of its own.", NOTHING, 0, 500 },
	{ "experimental", AFTER_STOP, "WhatsApp refused the connection.", ASK_PHONE, 0, 501 },
	{ "unavailable", AFTER_RETRY, "WhatsApp is not available.", NOTHING, 0, 503 },
};

static const struct wa_ending own[] = {
	{ "restart", AFTER_RETRY_NOW, "WhatsApp asked for a new connection.", NOTHING, 0, 515 },
	{ "replaced", AFTER_STOP, "Another program connected with the keys of this number.",
		"Stop the other program, then connect the number again.", 0, 0 },
	{ "device_removed", AFTER_LOGGED_OUT, "The phone unlinked this device.", PAIR_ANEW, 0,
		401 },
	{ "maybe_removed", AFTER_RETRY_NOW, "WhatsApp may have unlinked this device.", NOTHING, 0,
		516 },
	{ "rate_limited", AFTER_RETRY, "WhatsApp asks for fewer connections.", NOTHING, 0, 429 },
	{ "stream_error", AFTER_RETRY, "WhatsApp ended the connection.", NOTHING, 0, 0 },
	{ "malformed", AFTER_RETRY, "WhatsApp did not understand us.", NOTHING, 0, 0 },
	{ "closed", AFTER_RETRY, "The connection was cut.", NOTHING, 0, 0 },
	{ "no_answer", AFTER_RETRY, "WhatsApp did not answer any more.", NOTHING, 0, 0 },
	{ "no_connection", AFTER_RETRY, "WhatsApp cannot be reached.",
		"Look at the network of the server; it tries again by itself.", 0, 0 },
	{ "untrusted", AFTER_RETRY, "The server could not prove that it is WhatsApp.",
		"Look for a proxy between this server and WhatsApp.", 0, 0 },
	{ "undecipherable", AFTER_RETRY, "A frame could not be deciphered.", NOTHING, 0, 0 },
	{ "too_much", AFTER_RETRY, "More came at once than WhatsApp ever sends.", NOTHING, 0, 0 },
	{ "qr_expired", AFTER_STOP, "Nobody scanned the code.", "Start the pairing again.", 0, 0 },
	{ "code_expired", AFTER_STOP, "The pairing code was not used in time, or mistyped.",
		"Start the pairing again.", 0, 0 },
	{ "pairing_refused", AFTER_STOP, "The phone's signature does not hold.",
		"Start the pairing again.", 0, 0 },
	{ "no_multi_device", AFTER_STOP, "The phone's WhatsApp is too old for linked devices.",
		"Update WhatsApp on the phone.", 0, 0 },
	{ "passkey_wanted", AFTER_STOP, "WhatsApp wants a passkey for this account.",
		"Pair the number by the phone's camera after confirming on the phone.", 0, 0 },
	{ "user_logged_out", AFTER_LOGGED_OUT, "The number was unlinked here.", PAIR_ANEW, 0, 0 },
	{ "stopped", AFTER_STOP, "The number was disconnected here.", "Connect it again.", 0, 0 },
	{ "store_failed", AFTER_RETRY, "The keys could not be kept.",
		"Look at the disk and the database.", 0, 0 },
};

struct wa_ending ending_named(const char *code)
{
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(own[i].code, code) == 0)
			return own[i];
	abort();
}

struct wa_ending ending_of_failure(const struct node *failure)
{
	int reason = (int)node_int(failure, "reason", 0);
	struct wa_ending ending = failures[0];

	for (size_t i = 0; i < COUNT_OF(failures); i++)
		if (failures[i].number == reason)
			ending = failures[i];
	ending.number = reason;
	if (ending.after == AFTER_WAIT)
		ending.wait_s = node_int(failure, "expire", 0);
	return ending;
}

/* What stands inside counts more than the number. */
struct wa_ending ending_of_stream_error(const struct node *error)
{
	static const struct { int code; const char *name; } codes[] = { { 515, "restart" },
		{ 516, "maybe_removed" }, { 409, "replaced" }, { 429, "rate_limited" } };
	const struct node *conflict = node_child(error, "conflict");
	int code = (int)node_int(error, "code", 0);
	struct wa_ending ending = ending_named("stream_error");

	if (conflict)
		ending =
			ending_named(node_has(conflict, "type", "device_removed") ? "device_removed"
										  : "replaced");
	else if (node_child(error, "xml-not-well-formed"))
		ending = ending_named("malformed");
	else
		for (size_t i = 0; i < COUNT_OF(codes); i++)
			if (codes[i].code == code)
				ending = ending_named(codes[i].name);
	ending.number = code;
	return ending;
}
