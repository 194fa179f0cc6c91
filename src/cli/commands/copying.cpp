#include "commands/copying.hpp"

namespace annal::cli {

void show(ProgressLine& line, const BackupProgress& progress) {
  const bool copying = progress.step == BackupProgress::Step::copying;
  line.show(progress.done, progress.total,
            copying ? "copying" : "checking @" + std::to_string(progress.done));
}

}  // namespace annal::cli
