/* Ids of the next hop in replies. Wanted values: the words of each MTA's own
 * sources (handover.h), and replies as seen in public logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/base/status.h"
#include "formats/mail/handover.h"

static const struct {
	const char *label, *reply;
	const char *id; /* NULL: none */
	enum mm_join join;
} cases[] = {
	{ "Postfix, short id", "250 2.0.0 Ok: queued as E362BF1", "E362BF1",
	  MM_JOIN_QUEUED_AS },
	{ "Postfix, long id", "250 2.0.0 Ok: queued as 4jXHnp1brhz89",
	  "4jXHnp1brhz89", MM_JOIN_QUEUED_AS },
	{ "Postfix 2.2", "250 Ok: queued as 7C2BA1C05F", "7C2BA1C05F",
	  MM_JOIN_QUEUED_AS },
	{ "size between", "250 2.0.0 Ok: 5293 bytes queued as 4jXHnp1brhz89",
	  "4jXHnp1brhz89", MM_JOIN_QUEUED_AS },
	{ "amavisd-new 2.7",
	  "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued "
	  "as 3F2A11C2",
	  "3F2A11C2", MM_JOIN_FILTER },
	{ "amavisd-new 2.6",
	  "250 2.0.0 Ok, id=04711-09, from MTA([127.0.0.1]:10025): 250 2.0.0 "
	  "Ok: queued as 96B5E8018B",
	  "96B5E8018B", MM_JOIN_FILTER },
	{ "local(8)", "forwarded as 9D1C52A0", "9D1C52A0", MM_JOIN_FORWARD },
	{ "Sendmail", "250 2.0.0 61FDfgAb1234567 Message accepted for delivery",
	  "61FDfgAb1234567", MM_JOIN_QUEUED_AS },
	{ "Sendmail, stat=Sent",
	  "(n2DAj1fe006727 Message accepted for delivery)", "n2DAj1fe006727",
	  MM_JOIN_QUEUED_AS },
	{ "OpenSMTPD", "250 2.0.0 7d5be6e5 Message accepted for delivery",
	  "7d5be6e5", MM_JOIN_QUEUED_AS },
	{ "Exim", "250 OK id=1tEsT0-000AFB-07", "1tEsT0-000AFB-07",
	  MM_JOIN_QUEUED_AS },
	{ "Exim 4.97", "250 OK id=1qDO9M-00000000CRB-2pfX",
	  "1qDO9M-00000000CRB-2pfX", MM_JOIN_QUEUED_AS },
	{ "KumoMTA", "250 2.0.0 OK ids=8a5475ccbbc611eda12250ebf67f93bd,x",
	  "8a5475ccbbc611eda12250ebf67f93bd", MM_JOIN_QUEUED_AS },
	{ "KumoMTA to another node",
	  "new id is 8a5475ccbbc611eda12250ebf67f93bd",
	  "8a5475ccbbc611eda12250ebf67f93bd", MM_JOIN_QUEUED_AS },
	{ "Haraka",
	  "250 Message Queued (CBFBB5A2-F9BE-4BE8-A120-3F8AEC15B3CA.1)",
	  "CBFBB5A2-F9BE-4BE8-A120-3F8AEC15B3CA.1", MM_JOIN_QUEUED_AS },
	{ "not as long", "250 Message Queued (later)", NULL, MM_JOIN_NONE },
	{ "Exchange names no queue id",
	  "250 2.6.0 <a1@mail.example.org> [InternalId=3414, "
	  "Hostname=EX1.example.org] Queued mail for delivery",
	  NULL, MM_JOIN_NONE },
	{ "no id before the words", "250 2.0.0 Message accepted for delivery",
	  NULL, MM_JOIN_NONE },
	{ "a word before the words",
	  "250 2.0.0 Your Message accepted for delivery", NULL, MM_JOIN_NONE },
	{ "Message-ID", "250 Ok: queued as <123456@mail.example.org>", NULL,
	  MM_JOIN_NONE },
	{ "bare Message-ID", "250 ok queued as 123456@mail.example.org", NULL,
	  MM_JOIN_NONE },
	{ "GMX", "250 Requested mail action okay, completed: id=0LwXbU-1cO",
	  NULL, MM_JOIN_NONE },
	{ "an id that is not Exim's", "250 OK id=12345678", NULL,
	  MM_JOIN_NONE },
	{ "cut", "250 2.0.0 Ok: queued as ", NULL, MM_JOIN_NONE },
	{ "nothing", "", NULL, MM_JOIN_NONE },
};

static void
test_handover(void **state)
{
	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_str id = MM_STR_ABSENT;
		enum mm_join join = MM_JOIN_NONE;
		bool found;

		print_message("  %s\n", cases[i].label);
		found = mm_handover(mm_str_z(cases[i].reply), &id, &join);
		assert_int_equal(found, cases[i].id != NULL);
		assert_true(mm_str_eq(id, mm_str_z(cases[i].id)));
		assert_int_equal(join, cases[i].join);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_handover) };

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
