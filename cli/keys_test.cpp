#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "cli/verb.hpp"
#include "host/keys.hpp"
#include "os/files.hpp"
#include "secret/tokens.hpp"

namespace drover::cli {
namespace {

class Keys : public testing::Test {
   protected:
    Keys() {
        std::string pattern = testing::TempDir() + "keys_test_XXXXXX";
        dir_ = std::string(::mkdtemp(pattern.data())) + "/keys";
        session_.out = [](std::string_view) {};
        session_.err = [this](std::string_view text) { err_ += text; };
    }
    ~Keys() override { std::filesystem::remove_all(std::filesystem::path(dir_).parent_path()); }

    int init() { return run_cli(session_, {"keys", "init", dir_}); }
    std::string read(const std::string& name) { return os::read_file(dir_ + name, 4096).value_or(""); }

    std::string dir_;
    std::string err_;
    Session session_;
};

TEST_F(Keys, AreMadeOnceAndAreTheirOwnersAlone) {
    ASSERT_EQ(init(), kOk) << err_;
    const std::string key = read("/gateway/curve.key");
    ASSERT_EQ(key.size(), 41u);
    for (const char* name : {"/gateway/curve.key", "/tap/curve.key", "/driver-manager/secrets.key"}) {
        struct stat info {};
        ASSERT_EQ(::stat((dir_ + name).c_str(), &info), 0) << name;
        EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
    }
    ASSERT_EQ(init(), kOk) << err_;
    EXPECT_EQ(read("/gateway/curve.key"), key);
}

TEST_F(Keys, AreListedWithTheirRolesAsServicesReadThem) {
    ASSERT_EQ(init(), kOk) << err_;
    host::ServiceConfig config;
    config.curve_secret_key_file = dir_ + "/state-store/curve.key";
    config.curve_public_key_file = dir_ + "/public/state-store.pub";
    config.curve_peers_file = dir_ + "/public/peers";
    const auto keys = host::read_curve_keys(config);
    ASSERT_TRUE(keys.has_value()) << keys.error().message;
    std::map<std::string_view, int> count;
    for (const bus::Allowed& one : keys->allowed) ++count[to_string(one.role)];
    EXPECT_EQ(count, (std::map<std::string_view, int>{{"service", 3}, {"submit", 1}, {"tap", 1}}));
}

TEST_F(Keys, ComeWithATokenOfWhichTheGatewayKnowsTheHash) {
    ASSERT_EQ(init(), kOk) << err_;
    const std::string token = read("/admin.token");
    const auto holders = secret::read_tokens(dir_ + "/gateway/tokens");
    ASSERT_TRUE(holders.has_value()) << holders.error().message;
    const secret::TokenHolder* const holder = secret::find_token(*holders, token.substr(0, token.size() - 1));
    ASSERT_NE(holder, nullptr);
    EXPECT_EQ(holder->role, secret::TokenRole::admin);
    EXPECT_EQ(read("/gateway/tokens").find(token.substr(0, token.size() - 1)), std::string::npos);
    std::filesystem::remove(dir_ + "/admin.token");
    ASSERT_EQ(init(), kOk) << err_;
    EXPECT_EQ(read("/admin.token"), "") << "one that was taken away stays away";
}

TEST_F(Keys, AndNewTokensAreAddedToAListThatStaysWhoseItWas) {
    ASSERT_EQ(init(), kOk) << err_;
    const std::string list = dir_ + "/gateway/tokens";
    const uid_t owner = ::geteuid() == 0 ? 1234 : ::geteuid();
    ASSERT_EQ(::chown(list.c_str(), owner, owner), 0);
    std::string token;
    session_.out = [&](std::string_view text) { token += text; };
    ASSERT_EQ(run_cli(session_, {"token", "new", "alice", "--role", "read", "--file", list}), kOk) << err_;
    const auto holders = secret::read_tokens(list);
    ASSERT_TRUE(holders.has_value()) << holders.error().message;
    ASSERT_EQ(holders->size(), 2u);
    EXPECT_EQ(secret::find_token(*holders, token.substr(0, token.size() - 1)), &holders->back());
    EXPECT_EQ(holders->back().name, "alice");
    struct stat info {};
    ASSERT_EQ(::stat(list.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(info.st_uid, owner);
    EXPECT_EQ(run_cli(session_, {"token", "new", "alice", "--file", list}), kUsage) << "the name is taken";
    EXPECT_EQ(run_cli(session_, {"token", "new", "a b", "--file", list}), kUsage);
    EXPECT_EQ(secret::read_tokens(list)->size(), 2u);
}

TEST_F(Keys, OfWhichHalfIsGoneAreNotMadeAnew) {
    ASSERT_EQ(init(), kOk) << err_;
    std::filesystem::remove(dir_ + "/tap/curve.key");
    EXPECT_EQ(init(), kFailed);
    EXPECT_NE(err_.find("only one is there"), std::string::npos) << err_;
}

}  // namespace
}  // namespace drover::cli
