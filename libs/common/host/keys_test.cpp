#include "host/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace drover::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CurveKeysTest : public testing::Test {
   public:
    CurveKeysTest() {
        std::string pattern = testing::TempDir() + "keys_test_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
        config_.curve_secret_key_file = write("secret", secret_ + "\n", 0600);
        config_.curve_public_key_file = write("public", "# ours\n" + public_, 0644);
    }
    ~CurveKeysTest() override { std::filesystem::remove_all(dir_); }

   protected:
    std::string write(const std::string& name, const std::string& text, mode_t mode) const {
        const std::string path = dir_ + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }

    std::string error() const {
        const auto keys = read_curve_keys(config_);
        return keys ? "no error" : keys.error().message;
    }

    const std::string secret_ = std::string(40, 's');
    const std::string public_ = std::string(40, 'p');
    std::string dir_;
    ServiceConfig config_;
};

TEST_F(CurveKeysTest, AreReadFromTheirFiles) {
    config_.curve_peers_file =
        write("peers", "# a\r\n" + std::string(40, 'a') + "\r\n\n" + std::string(40, 'b') + "\n", 0644);
    const auto keys = read_curve_keys(config_).value();
    EXPECT_EQ(keys.secret_key, secret_);
    EXPECT_EQ(keys.public_key, public_);
    EXPECT_THAT(keys.allowed, ElementsAre(bus::Allowed(std::string(40, 'a')), bus::Allowed(std::string(40, 'b'))));
}

TEST_F(CurveKeysTest, HaveARoleThatIsServiceUnlessSaidOtherwise) {
    config_.curve_peers_file =
        write("peers", std::string(40, '#') + " tap a monitor\n" + std::string(40, 'b') + " submit\n", 0644);
    EXPECT_THAT(read_curve_keys(config_)->allowed, ElementsAre(bus::Allowed(std::string(40, '#'), bus::Role::tap),
                                                               bus::Allowed(std::string(40, 'b'), bus::Role::submit)));
    write("peers", std::string(40, 'b') + " boss\n", 0644);
    EXPECT_THAT(error(), HasSubstr("/peers:1: expected a role, service, submit or tap"));
}

TEST_F(CurveKeysTest, OfPeersAreReadFromFilesToo) {
    const std::string file = write("store.pub", public_ + "\n", 0644);
    EXPECT_THAT(*read_peer_keys({"tcp://store:7100#file:" + file, "ipc:///x", "tcp://a:1#" + public_}),
                ElementsAre("tcp://store:7100#" + public_, "ipc:///x", "tcp://a:1#" + public_));
    EXPECT_THAT(read_peer_keys({"tcp://store:7100#file:/none"}).error().message, HasSubstr("/none"));
}

TEST_F(CurveKeysTest, AreNoneWhenNoneAreConfigured) {
    EXPECT_TRUE(read_curve_keys(ServiceConfig{})->secret_key.empty());
}

TEST_F(CurveKeysTest, ASecretThatOthersMayReadIsRefused) {
    write("secret", secret_, 0640);
    EXPECT_THAT(error(), HasSubstr("run chmod 600 on it"));
}

TEST_F(CurveKeysTest, AMistakeNamesTheFileAndNeverTheKey) {
    write("secret", secret_ + "s", 0600);
    EXPECT_THAT(error(), testing::AllOf(HasSubstr("/secret:1: expected a key"), Not(HasSubstr("sss"))));
    write("secret", "", 0600);
    EXPECT_THAT(error(), HasSubstr("/secret should hold one key"));
    config_.curve_secret_key_file = dir_ + "/none";
    EXPECT_THAT(error(), HasSubstr("/none"));
    config_.curve_secret_key_file = "";
    EXPECT_THAT(error(), HasSubstr("go together"));
}

}  // namespace
}  // namespace drover::host
