/* live_catalogue.c: the table of events; see live_catalogue.h. */
#include "live/live_catalogue.h"

#define MESSAGE                                                                       \
	"{\"id\":\"1\",\"conversation_id\":\"2\",\"direction\":\"in\",\"type\":\"text\"," \
	"\"text\":{\"body\":\"Hello\"},\"status\":\"received\"}"
#define CONVERSATION \
	"{\"id\":\"2\",\"status\":\"open\",\"contact\":{\"id\":\"3\",\"name\":\"Ana\"}}"

const struct live_entry live_catalogue[] = {
	{ S("message.created"), 1, LIVE_TO_SCOPE, S("message:Message conversation:Conversation"),
		S("A message came in, or one of ours was accepted."),
		S("{\"message\":" MESSAGE ",\"conversation\":" CONVERSATION "}") },
	{ S("message.updated"), 1, LIVE_TO_SCOPE, S("message:Message"),
		S("Its status moved on, or a reaction, an edit, a deletion or its file came."),
		S("{\"message\":" MESSAGE "}") },
	{ S("conversation.updated"), 1, LIVE_TO_SCOPE, S("conversation:Conversation"),
		S("State, assignee, labels, contact or what is unread changed."),
		S("{\"conversation\":" CONVERSATION "}") },
	{ S("conversation.gone"), 1, LIVE_TO_SCOPE, S("id:Id into:Id?"),
		S("It went out of one's sight, or became part of another one (`into`)."),
		S("{\"id\":\"2\"}") },
	{ S("customer.typing"), 1, LIVE_TO_SCOPE,
		S("conversation_id:Id contact_id:Id? state:String"),
		S("A customer writes (`composing`), records (`recording`) or stopped (`paused`); "
		  "at "
		  "most 10 a second and number."),
		S("{\"conversation_id\":\"2\",\"contact_id\":\"3\",\"state\":\"composing\"}") },
	{ S("customer.presence"), 1, LIVE_TO_SCOPE,
		S("conversation_id:Id contact_id:Id? available:Boolean last_seen_ms:Ms?"),
		S("A customer is there, or was last seen then, where the network tells it."),
		S("{\"conversation_id\":\"2\",\"contact_id\":\"3\",\"available\":false,"
		  "\"last_seen_ms\":1763700000000}") },
	{ S("contact.updated"), 1, LIVE_TO_SCOPE, S("id:Id"),
		S("A contact changed; its conversations are told, too."), S("{\"id\":\"3\"}") },
	{ S("counts.updated"), 1, LIVE_TO_SCOPE, S("cells:CountCell[]"),
		S("How many conversations there are of a kind, where that changed."),
		S("{\"cells\":[]}") },
	{ S("scheduled.updated"), 1, LIVE_TO_SCOPE, S("scheduled:ScheduledMessage"),
		S("A message for later was made, changed, sent or given up."),
		S("{\"scheduled\":{\"id\":\"4\",\"conversation_id\":\"2\"}}") },
	{ S("label.updated"), 1, LIVE_TO_ALL, S("id:Id"),
		S("A label was made, changed or removed."), S("{\"id\":\"5\"}") },
	{ S("canned.updated"), 1, LIVE_TO_ALL, S("id:Id"),
		S("A canned reply was made, changed or removed."), S("{\"id\":\"5\"}") },
	{ S("macro.updated"), 1, LIVE_TO_ALL, S("id:Id"),
		S("A macro was made, changed or removed."), S("{\"id\":\"5\"}") },
	{ S("template.updated"), 1, LIVE_TO_ALL, S("template:Template"),
		S("A message template changed; a removed one has the status DELETED."),
		S("{\"template\":{\"id\":\"6\",\"name\":\"hello\",\"status\":\"APPROVED\"}}") },
	{ S("agent.updated"), 1, LIVE_TO_ALL, S("agent:Agent"),
		S("Somebody came, went, or has more or less to do."),
		S("{\"agent\":{\"id\":\"7\",\"status\":\"online\"}}") },
	{ S("team.updated"), 1, LIVE_TO_ALL, S("id:Id team:Team?"),
		S("A team changed; null when it was removed."), S("{\"id\":\"8\",\"team\":null}") },
	{ S("notification.created"), 1, LIVE_TO_ONE, S("notification:AppNotification"),
		S("Something for one person: a mention, an assignment, a reminder."),
		S("{\"notification\":{\"id\":\"9\",\"kind\":\"assigned\"}}") },
	{ S("channel.updated"), 1, LIVE_TO_ALL, S("channel:Channel"),
		S("A channel's settings, health or status changed."),
		S("{\"channel\":{\"id\":\"10\",\"name\":\"Shop\"}}") },
	{ S("number.route"), 1, LIVE_TO_ALL, S("number:NumberRoute"),
		S("Another channel carries a number's messages, or its route was changed."),
		S("{\"number\":{\"id\":\"11\",\"mode\":\"order\"}}") },
	{ S("linked.updated"), 1, LIVE_TO_ALL, S("number:LinkedNumber"),
		S("A number paired with a phone: its state, its score, or what is shown of a "
		  "pairing."),
		S("{\"number\":{\"id\":\"10\",\"state\":\"connected\",\"score\":100}}") },
	{ S("pace.updated"), 1, LIVE_TO_ALL, S("pace:ChannelPace"),
		S("How fast a linked number may send, or what pauses it; the risk, and what is "
		  "used of its limits."),
		S("{\"pace\":{\"channel_id\":\"10\",\"tier\":\"careful\",\"pause\":null}}") },
	{ S("qr.generated"), 1, LIVE_TO_ALL,
		S("channel_id:Id qr:String? attempt:Integer? expires_ms:Ms"),
		S("A code to scan with the phone is there. Its text pairs whoever reads it: the "
		  "server tells it at `/linked-numbers/{id}/pairing` alone, and leaves it out "
		  "here."),
		S("{\"channel_id\":\"10\",\"qr\":\"2@example\",\"attempt\":1,\"expires_ms\":0}") },
	{ S("session.updated"), 1, LIVE_TO_ALL,
		S("channel_id:Id state:String reason:String? since_ms:Ms"),
		S("A linked number is in another state."),
		S("{\"channel_id\":\"10\",\"state\":\"connected\",\"reason\":null,\"since_ms\":"
		  "0}") },
	{ S("campaign.updated"), 1, LIVE_TO_ALL, S("campaign:Campaign"),
		S("A broadcast began, went on, paused or ended."),
		S("{\"campaign\":{\"id\":\"11\",\"state\":\"sending\"}}") },
	{ S("event.failed"), 1, LIVE_TO_WHOLE, S("event:IntakeEvent"),
		S("A webhook of a provider could not be applied."),
		S("{\"event\":{\"id\":\"12\",\"state\":\"failed\"}}") },
	{ S("webhook.updated"), 1, LIVE_TO_WHOLE, S("id:Id"),
		S("An outgoing webhook was changed, delivered to, or gave up."),
		S("{\"id\":\"13\"}") },
	{ S("contact_import.updated"), 1, LIVE_TO_WHOLE, S("import:ContactImport"),
		S("How far an import of contacts is."), S("{\"import\":{\"id\":\"14\"}}") },
	{ S("contact_export.updated"), 1, LIVE_TO_WHOLE, S("export:ContactExport"),
		S("How far an export of contacts is."), S("{\"export\":{\"id\":\"15\"}}") },
	{ S("maintenance.updated"), 1, LIVE_TO_ALL,
		S("on:Boolean server:Boolean since_ms:Ms? note:String? by:String?"),
		S("Messages are held back, or go again."),
		S("{\"on\":false,\"server\":false,\"since_ms\":null,\"note\":null,\"by\":null}") },
};

const size_t live_catalogue_count = COUNT_OF(live_catalogue);

const struct live_entry *live_catalogue_find(str name)
{
	for (size_t i = 0; i < live_catalogue_count; i++)
		if (str_is(live_catalogue[i].name, name))
			return &live_catalogue[i];
	return NULL;
}
