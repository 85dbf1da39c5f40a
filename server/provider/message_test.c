/* message_test.c: the words, and that a status only moves forward. */
#include "base/test.h"
#include "provider/message.h"

TEST(every_kind_has_a_word_that_reads_back)
{
	for (int kind = 1; kind < KINDS; kind++)
		EXPECT_INT(kind_parse(str_of(kind_name((enum message_kind)kind))), kind);
	EXPECT_INT(kind_parse(S("holo_call")), KIND_UNKNOWN);
	EXPECT_INT(kind_parse(STR_NONE), KIND_UNKNOWN);
}

TEST(a_voice_note_is_audio_to_the_cloud_api)
{
	EXPECT_STR(str_of(kind_cloud_type(KIND_VOICE)), "audio");
	EXPECT_STR(str_of(kind_cloud_type(KIND_TEXT)), "text");
	EXPECT(kind_is_media(KIND_VOICE) && kind_is_media(KIND_STICKER) &&
		!kind_is_media(KIND_LOCATION));
}

TEST(a_status_never_goes_back)
{
	EXPECT(status_may_become(STATUS_ACCEPTED, STATUS_READ));
	EXPECT(status_may_become(STATUS_SENT, STATUS_DELIVERED));
	EXPECT(!status_may_become(STATUS_READ, STATUS_DELIVERED));
	EXPECT(!status_may_become(STATUS_DELIVERED, STATUS_SENT));
	EXPECT(!status_may_become(STATUS_SENT, STATUS_SENT));
	EXPECT(!status_may_become(STATUS_RECEIVED, STATUS_READ));
}

TEST(failure_is_final_unless_the_message_arrived_after_all)
{
	EXPECT(status_may_become(STATUS_SENT, STATUS_FAILED));
	EXPECT(!status_may_become(STATUS_DELIVERED, STATUS_FAILED));
	EXPECT(!status_may_become(STATUS_FAILED, STATUS_SENT));
	EXPECT(status_may_become(STATUS_FAILED, STATUS_DELIVERED));
}
