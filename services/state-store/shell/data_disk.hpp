// DataDisk: the Disk of a data directory. The reserve is a file beside the database; backups go into a directory of
// their own below it, so that nobody who may ask for one chooses where the store writes.
#pragma once

#include <atomic>
#include <thread>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "base/units.hpp"
#include "rt/loop.hpp"
#include "state-store/engine/sqlite_copy.hpp"
#include "state-store/shell/disk.hpp"

namespace drover::store {

inline constexpr std::string_view kDatabase = "/state.db";  // below the data directory

class DataDisk : public Disk {
   public:
    // `reserve`: how much is set aside; it is set aside only while twice as much is free.
    DataDisk(rt::Loop& loop, std::string data_dir, Size reserve);
    // Waits for what is under way, which is told to end.
    ~DataDisk() override;

    Result<void> reserve() override;
    bool release() override;
    // Writes <data_dir>/backups/<name>; invalid: not a plain file name. unavailable: something is under way, or there
    // is no room for it.
    void back_up(const std::string& name, Done done) override;
    void check(Done done) override;

   private:
    using Work = std::function<Result<DatabaseReport>()>;
    void run(Work work, Done done);
    void finish();
    Result<std::string> backup_path(const std::string& name) const;

    rt::Loop& loop_;
    std::string data_dir_;
    Size reserve_;
    UniqueFd ended_;
    rt::Token watch_ = 0;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
    Result<DatabaseReport> result_;
    Done done_;
};

}  // namespace drover::store
