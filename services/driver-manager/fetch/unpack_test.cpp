#include "driver-manager/fetch/unpack.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <random>

#include "driver-manager/fetch/move.hpp"
#include "driver-manager/fetch/unpack_test.hpp"

namespace drover::fetch {
namespace {

using testing::HasSubstr;

constexpr Bounds kBounds{1 << 20, 100};

class Unpack : public InDirectory {
   protected:
    Result<void> run(const std::string& bytes, const Bounds& bounds = kBounds) {
        return unpack(in_memory(bytes).get(), in_.get(), bounds);
    }
    std::string refused(const std::vector<Entry>& entries, const Bounds& bounds = kBounds) {
        const auto done = run(make_archive(entries), bounds);
        if (done) return "(unpacked)";
        EXPECT_EQ(done.error().kind, ErrorKind::refused);
        return done.error().message;
    }
    mode_t mode(const std::string& path) const {
        struct stat st {};
        return ::lstat((dir_ + "/in/" + path).c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
    }
};

TEST_F(Unpack, EveryFormatGivesTheSameTree) {
    const std::vector<Entry> entries = {{"bin/", AE_IFDIR, "", 0755},
                                        {"bin/run", AE_IFREG, "#!/bin/sh\n", 0755},
                                        {"./etc/deep/conf", AE_IFREG, std::string(100'000, 'x'), 0640},
                                        {"current", AE_IFLNK, "bin/run", 0777}};
    for (const Format format : {Format::tar, Format::tar_gz, Format::tar_xz, Format::tar_zst, Format::zip}) {
        const auto done = run(make_archive(entries, format));
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_EQ(read("bin/run"), "#!/bin/sh\n");
        EXPECT_EQ(mode("bin/run"), 0755U);
        EXPECT_EQ(mode("etc/deep/conf"), 0640U);
        EXPECT_EQ(read("etc/deep/conf").size(), 100'000U);
        EXPECT_EQ(read("current"), "#!/bin/sh\n");
        ASSERT_TRUE(os::remove_tree(dir_ + "/in/bin"));
    }
}

TEST_F(Unpack, WhatLeadsOutIsRefused) {
    EXPECT_THAT(refused({{"../evil", AE_IFREG, "x"}}), HasSubstr("\"../evil\" leads out"));
    EXPECT_THAT(refused({{"a/../../evil", AE_IFREG, "x"}}), HasSubstr("leads out"));
    EXPECT_THAT(refused({{"/evil", AE_IFREG, "x"}}), HasSubstr("leads out"));
    EXPECT_THAT(refused({{"l", AE_IFLNK, "/etc/passwd"}}), HasSubstr("link that leads out"));
    EXPECT_THAT(refused({{"l", AE_IFLNK, "../in2"}}), HasSubstr("link that leads out"));
    EXPECT_THAT(refused({{"a/l", AE_IFLNK, "../../x"}}), HasSubstr("link that leads out"));
    EXPECT_THAT(refused({{"h", AE_IFREG, "../../etc/passwd", 0644, true}}), HasSubstr("link that leads out"));
    EXPECT_THAT(refused({{"h", AE_IFREG, "nothing", 0644, true}}), HasSubstr("what is no file of the archive"));
    EXPECT_EQ(os::list_dir(dir_, 10)->size(), 1U) << "nothing is beside the directory";
}

TEST_F(Unpack, NothingIsWrittenThroughALinkOfTheArchive) {
    EXPECT_THAT(refused({{"d", AE_IFDIR, "", 0755}, {"l", AE_IFLNK, "d"}, {"l/f", AE_IFREG, "x"}}),
                HasSubstr("leads through a link"));
    EXPECT_THAT(refused({{"f", AE_IFREG, "old"}, {"l2", AE_IFLNK, "f"}, {"l2", AE_IFREG, "new"}}), "(unpacked)");
    EXPECT_EQ(read("f"), "old");
    EXPECT_EQ(read("l2"), "new");
}

TEST_F(Unpack, HardLinksStayInTheArchiveAndAreNotWrittenThrough) {
    ASSERT_EQ(refused({{"f", AE_IFREG, "old"}, {"h", AE_IFREG, "f", 0644, true}, {"h", AE_IFREG, "new"}}),
              "(unpacked)");
    EXPECT_EQ(read("f"), "old");
    EXPECT_EQ(read("h"), "new");
    EXPECT_THAT(refused({{"s", AE_IFLNK, "f"}, {"t", AE_IFREG, "s", 0644, true}}), HasSubstr("no file of the archive"));
}

TEST_F(Unpack, DevicesPipesAndSpecialBitsDoNotComeOutOfIt) {
    EXPECT_THAT(refused({{"dev", AE_IFCHR, ""}}), HasSubstr("neither a file"));
    EXPECT_THAT(refused({{"dev", AE_IFBLK, ""}}), HasSubstr("neither a file"));
    EXPECT_THAT(refused({{"pipe", AE_IFIFO, ""}}), HasSubstr("neither a file"));
    ASSERT_EQ(refused({{"suid", AE_IFREG, "x", 06755}, {"dir", AE_IFDIR, "", 0}, {"dir/f", AE_IFREG, "x"}}),
              "(unpacked)");
    EXPECT_EQ(mode("suid"), 0755U);
    EXPECT_EQ(mode("dir"), 0700U) << "or it could not be removed";
}

TEST_F(Unpack, BombsAreCutShort) {
    const std::string zeros(1 << 20, '\0');
    const auto bomb = make_archive({{"a", AE_IFREG, zeros}, {"b", AE_IFREG, zeros}}, Format::tar_xz);
    EXPECT_LT(bomb.size(), 10'000U);
    EXPECT_THAT(run(bomb).error().message, HasSubstr("more bytes"));
    std::vector<Entry> many(101);
    for (std::size_t i = 0; i < many.size(); ++i) many[i].path = std::to_string(i);
    EXPECT_THAT(refused(many), HasSubstr("more entries"));
    std::string deep;
    for (int i = 0; i < 70; ++i) deep += "d/";
    EXPECT_THAT(refused({{deep, AE_IFDIR, "", 0755}}), HasSubstr("too deep"));
}

TEST_F(Unpack, WhatIsNoArchiveOrIsCutShortIsToldApart) {
    EXPECT_THAT(run("just text").error().message, HasSubstr("no archive"));
    EXPECT_THAT(run("").error().message, HasSubstr("no archive"));
    const std::string whole = make_archive({{"f", AE_IFREG, std::string(50'000, 'x')}}, Format::tar_gz);
    EXPECT_FALSE(run(whole.substr(0, whole.size() / 2)));
}

TEST_F(Unpack, NoBytesMakeItWriteOutsideOrDie) {
    std::mt19937 random(1);
    std::vector<std::string> seeds;
    for (const Format format : {Format::tar, Format::tar_gz, Format::tar_zst, Format::tar_xz})
        seeds.push_back(make_archive({{"d", AE_IFDIR, "", 0755},
                                      {"d/f", AE_IFREG, "content"},
                                      {"l", AE_IFLNK, "d/f"},
                                      {"h", AE_IFREG, "d/f", 0644, true}},
                                     format));
    seeds.push_back(make_archive({{"d/f", AE_IFREG, "content"}, {"l", AE_IFLNK, "d/f"}}, Format::zip));
    for (int i = 0; i < 600; ++i) {
        std::string bytes = seeds[static_cast<std::size_t>(i) % seeds.size()];
        for (int n = 0; n < 1 + i % 8; ++n) bytes[random() % bytes.size()] = static_cast<char>(random());
        if (i % 7 == 0) bytes.resize(random() % bytes.size());
        (void)run(bytes);
        ASSERT_EQ(os::list_dir(dir_, 10)->size(), 1U);
    }
}

TEST(StaysInside, OnlyWhatNoChainOfLinksCanLeadOutOf) {
    EXPECT_TRUE(stays_inside("l", "a/b"));
    EXPECT_TRUE(stays_inside("a/b/l", "../../c"));
    EXPECT_TRUE(stays_inside("a/l", "./../c/."));
    EXPECT_FALSE(stays_inside("a/l", "../../c"));
    EXPECT_FALSE(stays_inside("l", "a/.."));
    EXPECT_FALSE(stays_inside("a/b/l", "up/../.."));
    EXPECT_FALSE(stays_inside("l", ""));
    EXPECT_FALSE(stays_inside("l", "/a"));
}

TEST_F(Unpack, InspectingATreeFindsWhatUnpackingWouldRefuse) {
    ASSERT_TRUE(run(make_archive({{"d/f", AE_IFREG, "12345"}, {"d/l", AE_IFLNK, "f"}})));
    EXPECT_TRUE(inspect(in_.get(), kBounds));
    EXPECT_THAT(inspect(in_.get(), {4, 10}).error().message, HasSubstr("more bytes"));
    EXPECT_THAT(inspect(in_.get(), {10, 2}).error().message, HasSubstr("more entries"));
    ASSERT_EQ(::symlink("/etc", (dir_ + "/in/d/out").c_str()), 0);
    EXPECT_THAT(inspect(in_.get(), kBounds).error().message, HasSubstr("d/out is a link that leads out"));
}

TEST_F(Unpack, MovingFillsDirectoriesAndFollowsNoLink) {
    ASSERT_TRUE(run(make_archive({{"new/d/a", AE_IFREG, "a"},
                                  {"new/x", AE_IFREG, "new"},
                                  {"new/l/f", AE_IFREG, "f"},
                                  {"old/d/b", AE_IFREG, "b"},
                                  {"old/x", AE_IFREG, "old"},
                                  {"other/keep", AE_IFREG, "keep"}})));
    ASSERT_EQ(::symlink("../other", (dir_ + "/in/old/l").c_str()), 0);
    const UniqueFd from(::openat(in_.get(), "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd into(::openat(in_.get(), "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto moved = move_contents(from.get(), into.get());
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(read("old/d/a") + read("old/d/b") + read("old/x") + read("old/l/f"), "abnewf");
    EXPECT_EQ(read("other/f"), "(nothing)") << "the link was replaced, not followed";
}

}  // namespace
}  // namespace drover::fetch
