// Mock devices, for tests and for trying out job files: they exist because somebody says so.
#pragma once

#include "driver-manager/devices/plugin.hpp"

namespace drover::devices {

class Mock : public Plugin {
   public:
    // Each "vendor/type/name/id". Invalid says which is not.
    static Result<std::vector<wire::DeviceGroup>> parse(const std::vector<std::string>& devices);

    explicit Mock(std::vector<wire::DeviceGroup> groups) : groups_(std::move(groups)) {}

    std::string_view name() const override { return "mock"; }
    Result<std::vector<wire::DeviceGroup>> fingerprint() override;
    // MOCK_VISIBLE_DEVICES has the ids; /dev/null stands for each at /dev/mock-<id>.
    Result<drivers::DeviceGrant> reserve(const std::vector<std::string>& ids) override;
    std::vector<Usage> usage() override;

    // What a test wants it to say from now on.
    void become(std::vector<wire::DeviceGroup> groups) { groups_ = std::move(groups); }
    void fail_with(std::string error) { error_ = std::move(error); }

   private:
    std::vector<wire::DeviceGroup> groups_;
    std::string error_;
};

}  // namespace drover::devices
