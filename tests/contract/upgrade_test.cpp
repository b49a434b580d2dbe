// What an earlier Drover left on the disk is read by this one. golden/<release>/state-store/state.db is a database as
// its store left it, golden/<release>/tasks what its driver-manager and shims did, with one task that ran and one that
// had failed; tools/golden makes both with the programs of a release.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "driver-manager/launcher/floors.hpp"
#include "driver-manager/launcher/record.hpp"
#include "driver-manager/launcher/spec_file.hpp"
#include "driver-manager/shell/fence.hpp"
#include "os/remove.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/engine/sqlite_open.hpp"
#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::contract {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> releases() {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(DROVER_GOLDEN)) all.push_back(entry.path());
    return all;
}

// A copy, because reading may write.
class Upgrade : public testing::TestWithParam<fs::path> {
   protected:
    Upgrade() {
        std::string path = testing::TempDir() + "drover-upgrade-XXXXXX";
        dir_ = mkdtemp(path.data());
        fs::copy(GetParam(), dir_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }
    ~Upgrade() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    std::string dir_;
};

// Whether the bytes are a message of this kind; kinds that no longer exist are not.
bool is_readable(std::string_view kind, const std::string& bytes) {
#define READ(Type) \
    if (kind == #Type) return wire::decode<wire::Type>(bytes).has_value();
    WIRE_MESSAGES(READ)
#undef READ
    return false;
}

TEST_P(Upgrade, TheDatabaseOfAnEarlierReleaseIsReadWhole) {
    auto opened = store::open_sqlite(dir_ + "/state-store/state.db", Instant{1});
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->recovered, "");
    std::map<std::string, std::size_t> kinds;
    for (const store::Space space : {store::kStateSpace, store::kEventSpace}) {
        const auto entries = opened->engine->after(space, 0, 1000);
        ASSERT_TRUE(entries) << entries.error().message;
        for (const store::Entry& entry : *entries) {
            const std::string kind(store::record_kind(entry.key));
            EXPECT_TRUE(entry.erased || is_readable(kind, entry.value)) << entry.key << " is no " << kind;
            ++kinds[kind];
        }
    }
    for (const char* kind : {"JobDesired", "AllocDesired", "AllocStatus", "AllocRecorded", "TaskEvent", "NodeStatus",
                             "VariableDesired", "Members"})
        EXPECT_GT(kinds[kind], 0U) << kind;
}

// Whom the node must not obey any more and what must not start there is what a release may least forget.
TEST_P(Upgrade, TheNodeRemembersItsFenceAndItsFloors) {
    driver_manager::Fence fence(dir_ + "/tasks/.fence");
    const auto term = fence.load();
    ASSERT_TRUE(term) << term.error().message;
    EXPECT_GT(*term, 0U);
    launcher::Floors floors(dir_ + "/tasks");
    const auto whole = floors.load();
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(*whole);
    EXPECT_FALSE(floors.all().empty());
}

TEST_P(Upgrade, TheShimsOfAnEarlierReleaseAreUnderstood) {
    std::map<wire::RunPhase, std::size_t> phases;
    for (const auto& entry : fs::recursive_directory_iterator(dir_ + "/tasks")) {
        if (entry.path().filename() != SHIM_STATUS_FILE) continue;
        const std::string run = entry.path().parent_path();
        const launcher::Record record = launcher::read_record(run);
        ASSERT_EQ(record.state, launcher::RecordState::good) << run;
        const wire::IncarnationObserved seen = launcher::to_observed(1, record.status);
        EXPECT_EQ(seen.id.size(), 16U) << run;
        ++phases[seen.phase];
        std::ifstream in(run + "/" SHIM_SPEC_FILE, std::ios::binary);
        const std::string spec{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(launcher::spec_values(spec, "id"), std::vector<std::string>{seen.id});
        EXPECT_FALSE(launcher::spec_values(spec, "arg").empty());
    }
    EXPECT_GT(phases[wire::RunPhase::running], 0U);
}

INSTANTIATE_TEST_SUITE_P(EveryRelease, Upgrade, testing::ValuesIn(releases()), [](const auto& param) {
    std::string name = "of_" + param.param.filename().string();
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
});

}  // namespace
}  // namespace drover::contract
