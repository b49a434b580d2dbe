// What was acknowledged was committed, and what was committed outlives kill -9 at any moment.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/hash.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

// Commits one numbered group after the other and says each number once its commit has returned, until it is killed.
[[noreturn]] void commit_and_tell(const std::string& path, int out) {
    auto opened = open_sqlite(path, Instant{1});
    if (!opened) _exit(1);
    for (std::uint64_t n = opened->engine->count(0) / 2;; ++n) {
        const std::string number = std::to_string(n);
        const auto done = opened->engine->commit({{ChangeKind::put, 0, "a/" + number, std::string(n * 37 % 9000, 'a')},
                                                  {ChangeKind::put, 0, "b/" + number, number}});
        if (!done || write(out, &n, sizeof n) != sizeof n) _exit(1);
    }
}

TEST(KillNine, LosesNoAcknowledgedCommitAndHalvesNone) {
    const std::string directory = testing::TempDir() + "kill-" + random_hex(12);
    std::filesystem::create_directory(directory);
    const std::string path = directory + "/state.db";
    std::uint64_t acknowledged = 0;
    for (std::uint64_t round = 1; round <= 8; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t pid = fork();
        ASSERT_GE(pid, 0);
        if (pid == 0) commit_and_tell(path, ends[1]);
        close(ends[1]);
        // At a moment that differs from round to round; what was said meanwhile is heard too.
        std::uint64_t n = 0;
        for (std::uint64_t heard = 0; read(ends[0], &n, sizeof n) == sizeof n;) {
            acknowledged = n + 1;
            if (++heard == round * 7) kill(pid, SIGKILL);
        }
        close(ends[0]);
        waitpid(pid, nullptr, 0);

        const auto opened = open_sqlite(path, Instant{1});
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ(opened->recovered, "");
        const std::uint64_t count = opened->engine->count(0);
        EXPECT_EQ(count % 2, 0U) << "half a commit";
        EXPECT_GE(count, 2 * acknowledged);
        EXPECT_LE(count, 2 * acknowledged + 2) << "at most the one in flight is there unsaid";
        for (std::uint64_t i = 0; i < acknowledged; ++i) {
            const auto entry = opened->engine->get("b/" + std::to_string(i)).value();
            ASSERT_TRUE(entry && entry->value == std::to_string(i)) << i;
        }
    }
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace drover::store
