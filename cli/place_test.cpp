#include "cli/place.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hash.hpp"

namespace drover::cli {
namespace {

Environment user() {
    Environment e;
    e.home = "/home/ann";
    e.cwd = "/src";
    return e;
}

TEST(Place, TheDataDirectoryIsTheGivenOneThenTheVariablesThenTheDefault) {
    Environment e = user();
    EXPECT_EQ(data_dir(e), "/home/ann/.local/share/drover");
    e.root = true;
    EXPECT_EQ(data_dir(e), "/var/lib/drover");
    e.data_dir = "data/";
    EXPECT_EQ(data_dir(e), "/src/data");
    EXPECT_EQ(data_dir(e, "./other/../mine//"), "/src/mine");
}

TEST(Place, SocketsFitIntoAUnixSocketsPathWhateverTheDataDirectory) {
    EXPECT_EQ(run_dir("/var/lib/drover"), "/var/lib/drover/run");
    for (const std::size_t length : {70U, 79U, 80U, 120U, 400U}) {
        const std::string data = "/" + std::string(length, 'd');
        for (const char* service : kServices) {
            EXPECT_LE(tap(run_dir(data), service).size() - std::string("ipc://").size(), 107U) << data;
            EXPECT_LE(voice(run_dir(data), service).size() - std::string("ipc://").size(), 107U) << data;
        }
    }
    const std::string deep = "/" + std::string(120, 'd');
    EXPECT_EQ(run_dir(deep), run_dir(deep));
    EXPECT_NE(run_dir(deep), run_dir(deep + "e"));
}

TEST(Place, TheGatewayIsFoundByItsAddressOrItsDataDirectory) {
    const std::string dir = "/tmp/drover-place-" + random_hex(8);
    std::filesystem::create_directories(dir + "/run");
    std::ofstream(dir + "/run/gateway.addr") << "127.0.0.1:4646\n";
    Environment e = user();
    e.data_dir = dir;
    EXPECT_EQ(find_gateway(e)->url, "http://127.0.0.1:4646");
    e.addr = "http://10.0.0.9:80/";
    EXPECT_EQ(find_gateway(e)->url, "http://10.0.0.9:80");
    e.addr = "https://drover.example.com:4646";
    EXPECT_EQ(find_gateway(e)->url, e.addr);
    e.addr = "ftp://10.0.0.9";
    EXPECT_EQ(find_gateway(e).error().kind, ErrorKind::invalid);
    std::filesystem::remove_all(dir);
    e.addr.clear();
    const auto gone = find_gateway(e);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, ErrorKind::unavailable);
    EXPECT_NE(gone.error().message.find("Start one with: drover dev --data-dir " + dir), std::string::npos);
}

TEST(Place, TheTokenIsThatOfTheEnvironmentOrOfItsFile) {
    Environment e = user();
    EXPECT_EQ(read_token(e).value(), "");
    e.token_file = "/tmp/drover-token-" + random_hex(8);
    EXPECT_EQ(read_token(e).error().kind, ErrorKind::invalid);
    std::ofstream(e.token_file) << "open-sesame\n";
    EXPECT_EQ(read_token(e).value(), "open-sesame");
    std::ofstream(e.token_file) << "open\r\nX-Other: sesame\n";
    const auto two = read_token(e);
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().message.find("sesame"), std::string::npos);
    e.token = "other";
    EXPECT_EQ(read_token(e).value(), "other");
    std::filesystem::remove(e.token_file);
}

}  // namespace
}  // namespace drover::cli
