#include "driver-manager/core/session_notes.hpp"

#include <gtest/gtest.h>

namespace drover::driver_manager {
namespace {

Instant second(std::int64_t n) { return Instant{seconds(1'000 + n).ns}; }

TEST(SessionNotes, SayWhoRanWhatAndForHowLongWhateverEndsFirst) {
    SessionNotes notes;
    begin_session(notes, second(0), "s1", "root", {"sh", "-c", "echo it's"});
    begin_session(notes, second(1), "s2", "alice", {"id"});
    end_session(notes, second(2), "s2", 0, "");
    end_session(notes, second(9), "s1", 137, "");
    end_session(notes, second(9), "s1", 0, "said twice");
    ASSERT_EQ(notes.size(), 4U);
    EXPECT_EQ(notes[0].command, "sh -c 'echo it'\\''s'");
    EXPECT_EQ(notes[2].by, "alice");
    EXPECT_EQ(notes[2].took, seconds(1));
    EXPECT_EQ(notes[3].code, 137);
    EXPECT_EQ(notes[3].took, seconds(9));
    EXPECT_EQ(notes[3].number, 4U);
}

TEST(SessionNotes, WhatIsOpenWhenTheTaskOrTheDriverManagerEndsIsCutOff) {
    SessionNotes notes;
    begin_session(notes, second(0), "s1", "root", {"a"});
    begin_session(notes, second(0), "s2", "root", {"b"});
    end_session(notes, second(1), "s1", 0, "");
    EXPECT_EQ(open_sessions(notes), 1U);
    end_sessions(notes, second(2), "the task has ended");
    EXPECT_EQ(open_sessions(notes), 0U);
    EXPECT_EQ(notes.back().session, "s2");
    EXPECT_EQ(notes.back().code, -1);
    EXPECT_EQ(notes.back().error, "the task has ended");
    end_sessions(notes, second(3), "again");
    EXPECT_EQ(notes.size(), 4U);
}

TEST(SessionNotes, AreBoundedAndKeepTheBeginningsOfWhatIsOpen) {
    SessionNotes notes;
    begin_session(notes, second(0), "long", "root", {"top"});
    for (int i = 0; i < 100; ++i) {
        begin_session(notes, second(i), "s" + std::to_string(i), "root", {"id"});
        end_session(notes, second(i), "s" + std::to_string(i), 0, "");
    }
    EXPECT_EQ(notes.size(), kMaxSessionNotes);
    EXPECT_EQ(notes.back().number, 201U);
    end_session(notes, second(500), "long", 0, "");
    EXPECT_EQ(notes.back().command, "top");
    EXPECT_EQ(notes.back().took, seconds(500));
}

TEST(SessionNotes, ShowACommandAsItIsWrittenCutAndWithoutControlCharacters) {
    EXPECT_EQ(command_text({"ls", "-la", "/a b", ""}), "ls -la '/a b' ''");
    EXPECT_EQ(command_text({"printf", "\x1b[31m\n"}), "printf '?[31m?'");
    const std::string cut = command_text({std::string(150, 'x'), std::string(100, 'y')});
    EXPECT_EQ(cut.size(), 203U);
    EXPECT_TRUE(cut.ends_with("..."));
    EXPECT_EQ(command_text({std::string(199, 'x') + "\xc3\xa4\xc3\xa4"}), std::string(199, 'x') + "...");
}

}  // namespace
}  // namespace drover::driver_manager
