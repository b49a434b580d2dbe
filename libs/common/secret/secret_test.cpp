#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/files.hpp"
#include "secret/key_files.hpp"
#include "secret/seal.hpp"

namespace drover::secret {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPlace = "db/main password";

class Sealing : public testing::Test {
   protected:
    KeyPair keys = make_keys().value();
};

TEST_F(Sealing, OnlyTheHolderOfThePrivateKeyReadsAValue) {
    const std::string sealed = seal(keys.public_key, kPlace, "hunter2").value();
    EXPECT_THAT(sealed, Not(HasSubstr("hunter2")));
    EXPECT_EQ(open(keys.private_key, kPlace, sealed).value(), "hunter2");
    EXPECT_EQ(open(make_keys()->private_key, kPlace, sealed).error().kind, ErrorKind::corrupt);
}

TEST_F(Sealing, ASealedValueSaysNothingOfWhetherItChanged) {
    EXPECT_NE(seal(keys.public_key, kPlace, "same").value(), seal(keys.public_key, kPlace, "same").value());
}

TEST_F(Sealing, AValueCannotBePassedOffAsAnothers) {
    const std::string sealed = seal(keys.public_key, kPlace, "hunter2").value();
    const auto opened = open(keys.private_key, "web/public motd", sealed);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("sealed as another one"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("hunter2")));
}

TEST_F(Sealing, DamagedValuesAndKeysAreRefused) {
    std::string sealed = seal(keys.public_key, kPlace, "x").value();
    sealed.back() = static_cast<char>(sealed.back() ^ 1);
    EXPECT_FALSE(open(keys.private_key, kPlace, sealed));
    EXPECT_FALSE(open(keys.private_key, kPlace, ""));
    EXPECT_EQ(seal("abc", kPlace, "x").error().kind, ErrorKind::invalid);
    EXPECT_EQ(seal(std::string(64, 'z'), kPlace, "x").error().kind, ErrorKind::invalid);
}

TEST_F(Sealing, EmptyValuesAndValuesWithEveryByteSurvive) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (const std::string& value : {std::string(), all}) {
        EXPECT_EQ(open(keys.private_key, kPlace, seal(keys.public_key, kPlace, value).value()).value(), value);
    }
}

class KeyFiles : public testing::Test {
   protected:
    KeyFiles() { std::filesystem::create_directory(dir); }
    ~KeyFiles() override { std::filesystem::remove_all(dir); }

    const std::string dir = testing::TempDir() + "drover_keys_" + std::to_string(::getpid());
    const std::string pub = dir + "/secrets.pub";
    const std::string priv = dir + "/secrets.key";
};

TEST_F(KeyFiles, ThePairIsMadeOnceAndPrivate) {
    ASSERT_TRUE(make_key_files(pub, priv));
    const std::string key = read_private_key(priv).value();
    EXPECT_EQ(public_key_of(key).value(), read_public_key(pub).value());
    struct stat info {};
    ASSERT_EQ(::stat(priv.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    ASSERT_TRUE(make_key_files(pub, priv));
    EXPECT_EQ(read_private_key(priv).value(), key);
}

TEST_F(KeyFiles, ALostPublicKeyIsMadeAgainButALostPrivateOneIsSaid) {
    ASSERT_TRUE(make_key_files(pub, priv));
    const std::string key = read_public_key(pub).value();
    std::filesystem::remove(pub);
    ASSERT_TRUE(make_key_files(pub, priv));
    EXPECT_EQ(read_public_key(pub).value(), key);
    std::filesystem::remove(priv);
    EXPECT_EQ(make_key_files(pub, priv).error().kind, ErrorKind::not_found);
}

TEST_F(KeyFiles, APrivateKeyThatOthersCanReadIsRefused) {
    ASSERT_TRUE(make_key_files(pub, priv));
    ASSERT_EQ(::chmod(priv.c_str(), 0640), 0);
    EXPECT_THAT(read_private_key(priv).error().message, HasSubstr("chmod 600"));
    ASSERT_TRUE(os::write_file_atomic(pub, "nonsense\n", 0644, os::Durable::no));
    EXPECT_THAT(read_public_key(pub).error().message, HasSubstr("64 hex digits"));
}

}  // namespace
}  // namespace drover::secret
