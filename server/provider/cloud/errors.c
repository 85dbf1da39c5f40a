/*
 * errors.c: what a refusal means, and what to do about it.
 *
 * One table for answers and for errors of status reports. "Use code and error_data.details"; HTTP
 * status is a weak hint, so it decides only for codes that are not in the table.
 */
#include "provider/cloud/cloud_internal.h"

#define PAIR_WAIT_MAX_MS 4096000 /* 4^6 s: more than an hour */

/* Next steps that many codes share. */
#define WAIT "Nothing to do: it is tried again by itself."
#define FIX "Correct the message and send it again."
#define TOKEN                                                                                  \
	"Create a new access token in Meta's Business settings and enter it on the channel's " \
	"page."
#define ACCOUNT                                                                                 \
	"Look into WhatsApp Manager: the account needs attention there before anything can be " \
	"sent."
#define PERMISSION                                                                           \
	"Give the system user of the token the permissions whatsapp_business_messaging and " \
	"whatsapp_business_management."
#define REGISTER \
	"Register the number with the Cloud API in WhatsApp Manager, then test the channel again."
#define TEMPLATE "Send an approved template instead."
#define RESYNC "Refresh the list of templates and choose one that is approved in this language."
#define PARAMETERS "Compare the values with the template's variables and send it again."
#define META "Set this up in Meta's developer tools; messages are not affected."
#define NOBODY "Reach the person another way; sending again will not help."
#define LATER "Try again after the time that Meta tells."

/* The words of the table: error for the API, advice for the outbox. */
#define B ERR_UPSTREAM, RETRY_BACKOFF
#define RATE ERR_LIMIT, RETRY_BACKOFF
#define PAIR ERR_LIMIT, RETRY_AFTER
#define W ERR_LIMIT, RETRY_LATER
#define N ERR_INPUT, RETRY_NEVER
#define A ERR_DENIED, RETRY_STOP
#define T ERR_DENIED, RETRY_TEMPLATE

struct known {
	int32_t code, last; /* last: of a range; 0: one code */
	enum err err;
	enum retry_advice advice;
	const char *sentence, *next_step;
};

static const struct known table[] = {
	{ 0, 0, A, "Meta could not authenticate the app.", TOKEN },
	{ 1, 0, B, "Meta had an unknown problem.", WAIT },
	{ 2, 0, B, "Meta's service is down or overloaded.", WAIT },
	{ 3, 0, A, "The app lacks a capability for this call.", PERMISSION },
	{ 4, 0, RATE, "The app made too many calls to Meta.", WAIT },
	{ 10, 0, A, "The access token lacks a permission.", PERMISSION },
	{ 17, 0, RATE, "The user of the token made too many calls to Meta.", WAIT },
	{ 33, 0, A, "Meta does not know this phone number id, or the token may not see it.",
		"Check the phone number id and that the token belongs to its account." },
	{ 100, 0, N, "Meta refused a parameter of the request.", FIX },
	{ 104, 0, A, "Meta wants an access token.", TOKEN },
	{ 190, 0, A, "The access token has expired or is invalid.", TOKEN },
	{ 200, 299, A, "The access token lacks a permission.", PERMISSION },
	{ 368, 0, A, "Meta restricted the account for breaking a policy.", ACCOUNT },
	{ 400, 0, N, "Meta refused the request as malformed.", FIX },
	{ 403, 0, A, "The access token lacks a permission.", PERMISSION },
	{ 613, 0, RATE, "A limit of calls was reached.", WAIT },
	{ 803, 0, A, "Meta does not know this object, or the token may not see it.",
		"Check the ids of the channel and that the token belongs to its account." },
	{ 1026, 0, N, "The recipient's app cannot show this kind of message.",
		"Send it as plain text." },
	{ 80007, 0, RATE, "The WhatsApp Business account made too many calls to Meta.", WAIT },
	{ 130429, 0, RATE, "The number sends more messages a second than Meta allows.", WAIT },
	{ 130472, 0, N, "Meta holds marketing back from this person for an experiment.",
		"Wait for the person to write, or send no marketing to them." },
	{ 130497, 0, N, "The account may not message people in this country.",
		"Look up the rules of the country in Meta's policy." },
	{ 130501, 0, N, "WhatsApp does not support this type of message.",
		"Send it as another type." },
	{ 131000, 0, B, "WhatsApp failed for an unknown reason.", WAIT },
	{ 131005, 0, A, "Meta denied access.", PERMISSION },
	{ 131008, 0, N, "A required parameter is missing.", FIX },
	{ 131009, 0, N, "The value of a parameter is not valid.", FIX },
	{ 131014, 0, N, "Meta could not fetch a file from its link.",
		"Check that the link is public, or upload the file instead." },
	{ 131016, 0, B, "A service of WhatsApp is unavailable.", WAIT },
	{ 131020, 0, N, "The group has no other member.", "Invite somebody into the group first." },
	{ 131021, 0, N, "Sender and recipient are the same number.", "Send to another number." },
	{ 131026, 0, N,
		"The message cannot be delivered: the number is not on WhatsApp, its app is too "
		"old, or it has not accepted the terms.",
		NOBODY },
	{ 131030, 0, N, "The recipient is not on the allow-list of the test number.",
		"Add the recipient in Meta's developer tools, or use a real number." },
	{ 131031, 0, A, "The account is locked, or the PIN is wrong.", ACCOUNT },
	{ 131037, 0, A, "The number has no approved display name.",
		"Wait for the display name's review in WhatsApp Manager." },
	{ 131041, 0, N, "WhatsApp does not know this group.", "Choose another group." },
	{ 131042, 0, A, "The account has a payment problem.",
		"Add or repair the payment method in Meta's Business settings." },
	{ 131044, 0, A, "The account has a payment problem.",
		"Add or repair the payment method in Meta's Business settings." },
	{ 131045, 0, A, "The registration of the number is broken.", REGISTER },
	{ 131047, 0, T, "More than 24 hours passed since the customer last wrote.", TEMPLATE },
	{ 131048, 0, A, "WhatsApp limits the number because people marked its messages as spam.",
		"Pause sending, look at the quality rating in WhatsApp Manager, and write only to "
		"people who asked for it." },
	{ 131049, 0, ERR_LIMIT, RETRY_NEVER,
		"WhatsApp withheld this marketing message: the person got too many lately.",
		"Wait at least 24 hours before writing to this person again." },
	{ 131050, 0, N, "The person stopped marketing messages of this business.",
		"Send no marketing to this person until they ask for it." },
	{ 131051, 0, N, "WhatsApp does not support this type of message.",
		"Send it as another type." },
	{ 131052, 0, N, "WhatsApp could not hand over the customer's file.",
		"Ask the customer to send it again." },
	{ 131053, 0, N, "WhatsApp cannot use this file: its type, size or link is wrong.",
		"Check type and size of the file and send it again." },
	{ 131055, 0, N, "This kind of call is not allowed here.",
		"Send marketing templates only by this way." },
	{ 131056, 0, PAIR, "Too many messages went to this person in a short time.", WAIT },
	{ 131057, 0, B, "The account is in maintenance for some minutes.", WAIT },
	{ 131059, 0, B, "Meta lost its place in a list.", WAIT },
	{ 131062, 0, N, "This message needs the person's phone number.",
		"Ask the person for their number first." },
	{ 131063, 0, N, "Marketing templates are switched off for the Cloud API of this account.",
		"Use the Marketing Messages API, or switch them on in WhatsApp Manager." },
	{ 131064, 0, A, "WhatsApp limits the account for wrongly classified templates.", ACCOUNT },
	{ 131203, 0, N, "The participant has not accepted the terms of groups.",
		"Ask the person to join by the invite link." },
	{ 131208, 0, RATE, "Groups are changed too often.", WAIT },
	{ 131201, 131215, N, "WhatsApp refused a change of a group.",
		"Check the group and its members." },
	{ 132000, 0, N, "The number of values differs from the template's variables.", PARAMETERS },
	{ 132001, 0, N, "The template does not exist in this language, or is not approved.",
		RESYNC },
	{ 132005, 0, N, "The text of the filled template is too long.",
		"Shorten the values and send it again." },
	{ 132007, 0, N, "The content of the template breaks a policy.",
		"Change the template and submit it again." },
	{ 132008, 0, N, "The format of a value differs from what the template wants.", PARAMETERS },
	{ 132012, 0, N, "The format of a value differs from what the template wants.", PARAMETERS },
	{ 132015, 0, W, "The template is paused for its low quality.",
		"Use another template, or wait until it is active again." },
	{ 132016, 0, N, "The template is disabled for its low quality.", "Use another template." },
	{ 132018, 0, N, "A value of the template holds characters that are not allowed.",
		"Remove line breaks, tabs and long runs of spaces from the values." },
	{ 132068, 0, N, "The Flow of this message is blocked.",
		"Repair the Flow in WhatsApp Manager." },
	{ 132069, 0, W, "The Flow of this message is throttled.",
		"Repair the Flow's endpoint; ten messages an hour go until then." },
	{ 133000, 0, A, "An earlier deregistration of the number failed.",
		"Deregister the number again, then register it." },
	{ 133004, 0, B, "A server of WhatsApp is unavailable for a moment.", WAIT },
	{ 133005, 0, A, "The two-step PIN is wrong.", "Reset the PIN in WhatsApp Manager." },
	{ 133006, 0, A, "The number must be verified first.", REGISTER },
	{ 133008, 133009, W, "The PIN was entered wrongly too often or too fast.", LATER },
	{ 133010, 0, A, "The number is not registered with the Cloud API.", REGISTER },
	{ 133015, 0, W, "The number was deleted a moment ago.",
		"Wait five minutes and register it again." },
	{ 133016, 0, W, "The number was registered or deregistered too often.", "Wait 72 hours." },
	{ 134011, 0, N, "The payment terms are not accepted.", "Accept them in WhatsApp Manager." },
	{ 134100, 0, N, "Only marketing templates can be sent by this way.",
		"Choose a marketing template." },
	{ 134101, 0, W, "The template is still being copied, which takes up to ten minutes.",
		WAIT },
	{ 134102, 0, A, "The template is not available for marketing messages.", RESYNC },
	{ 135000, 0, N, "A parameter of the message is wrong.", FIX },
	{ 136024, 0, W, "Meta could not send the verification code.",
		"Ask for the code again after a while." },
	{ 136025, 0, W, "The verification code is wrong.",
		"Check the code, or ask for a new one." },
	{ 137000, 0, N, "The person's identity key changed since it was last confirmed.",
		"Confirm who the person is, then send again." },
	{ 138005, 0, RATE, "Calls are made too often.", WAIT },
	{ 138000, 138018, N, "WhatsApp refused a call.",
		"Check the calling settings of the number and the person's permission." },
	{ 139000, 139004, N, "WhatsApp refused a change of a Flow.",
		"Repair the Flow in WhatsApp Manager." },
	{ 139102, 139103, B, "The block list changed meanwhile.", WAIT },
	{ 139100, 139101, N, "Not everybody could be blocked.",
		"Only people who wrote in the last 24 hours can be blocked." },
	{ 147001, 147005, N, "The username cannot be used.", "Choose another username." },
	{ 200005, 200007, N, "The figures of the template are not available.", META },
	{ 1752041, 0, N, "The same onboarding was asked for twice.", META },
	{ 2388001, 2388018, N, "WhatsApp refused a change of the number.", REGISTER },
	{ 2388019, 0, W, "The account has as many templates as Meta allows.",
		"Delete templates that are not used." },
	{ 2388040, 2388084, N, "WhatsApp refused the template.",
		"Correct the template and submit it again." },
	{ 2388091, 2388093, W, "The number could not be verified.",
		"Ask for the code again after a while." },
	{ 2388103, 0, N, "WhatsApp refused a change of the number.", REGISTER },
	{ 2388293, 2388299, N, "WhatsApp refused the template.",
		"Correct the template and submit it again." },
	{ 2494100, 0, B, "The number is being moved.", WAIT },
	{ 2494164, 2494179, N, "The sign-up link was refused.", META },
	{ 2593107, 2593108, N, "The history of the phone can no longer be copied.",
		"Connect the phone again to copy its history." },
	{ 2593109, 0, N, "The owner of the phone did not share its history.",
		"Connect the phone again and allow the copy." },
};

static const struct known *find(int64_t code)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (code == table[i].code ||
			(table[i].last && code >= table[i].code && code <= table[i].last))
			return &table[i];
	return NULL;
}

/* "Unknown codes: is_transient:true or HTTP ≥500 → back off; else never as it is." */
static const struct known *guess(const struct cloud_fault *fault)
{
	static const struct known transient = { 0, 0, B, "WhatsApp has a problem of its own.",
		WAIT };
	static const struct known limited = { 0, 0, RATE, "Meta says that calls come too often.",
		WAIT };
	static const struct known token = { 0, 0, A, "Meta does not accept the access token.",
		TOKEN };
	static const struct known refused = { 0, 0, N, "WhatsApp refused the message.", FIX };

	if (fault->status == 429)
		return &limited;
	if (fault->is_transient || fault->status >= 500)
		return &transient;
	if (fault->status == 401)
		return &token;
	return &refused;
}

/* Creation of templates and numbers tells the cause in the subcode alone. */
static const struct known *look_up(const struct cloud_fault *fault)
{
	const struct known *known = NULL;

	if (fault->code == 100 && fault->subcode == 33)
		return find(33);
	if (fault->subcode >= 2388001 && fault->subcode <= 2388299)
		known = find(fault->subcode);
	if (!known && fault->is_graph)
		known = find(fault->code);
	return known ? known : guess(fault);
}

void cloud_explain(struct arena *arena, struct cloud_fault *fault)
{
	const struct known *known = look_up(fault);

	fault->err = known->err;
	fault->advice = known->advice;
	fault->next_step = str_of(known->next_step);
	fault->sentence = str_of(known->sentence);
	if (fault->details.len)
		fault->sentence = arena_printf(arena, "%s Meta says: " STR_F, known->sentence,
			STR_A(str_first_points(fault->details, CLOUD_DETAIL_MAX)));
}

/* "error_data can be a plain string in older answers"; webhooks of older versions have details
 * beside it. */
static str details_of(json error)
{
	static const char *const paths[] = { "error_data.details", "error_data", "details",
		"error_user_msg", "message", "title" };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		str text = json_text(json_path(error, paths[i]));

		if (text.len)
			return text;
	}
	return STR_NONE;
}

struct cloud_fault cloud_fault_of(struct arena *arena, int status, json error)
{
	struct cloud_fault fault = {
		.status = status,
		.code = json_int(json_field(error, "code"), -1),
		.subcode = json_int(json_field(error, "error_subcode"), 0),
		.is_transient = json_flag(json_field(error, "is_transient"), false),
		.details = details_of(error),
		.trace = json_text_at(error, "fbtrace_id"),
	};

	fault.is_graph = fault.code >= 0;
	if (!fault.is_graph)
		fault.code = 0;
	cloud_explain(arena, &fault);
	return fault;
}

int64_t cloud_pair_wait_ms(unsigned attempts)
{
	int64_t wait = attempts < 6 ? 1000LL << (2 * attempts) : PAIR_WAIT_MAX_MS;

	return wait < PAIR_WAIT_MAX_MS ? wait : PAIR_WAIT_MAX_MS;
}

enum err cloud_refused(struct job *job, int status, str body, struct send_result *out)
{
	json root, error;
	struct cloud_fault fault;
	str code;

	if (json_read(job->arena, body, &root, NULL) != OK)
		root = NULL;
	error = json_field(root, "error");
	fault = cloud_fault_of(job->arena, status, error);
	code = fault.is_graph ? arena_printf(job->arena, "%lld", (long long)fault.code)
			      : arena_printf(job->arena, "http_%d", status);
	if (out) {
		out->advice = fault.advice;
		out->provider_trace = fault.trace;
		/* A gateway's page does not tell whether the request went through before the answer
		 * got lost. */
		out->may_have_happened = !fault.is_graph && (status >= 500 || status < 300);
	}
	return fail_code(job, fault.err, code, fault.next_step, STR_F, STR_A(fault.sentence));
}
