// How far the copy of a store has come, shown alike by every command that makes one.
#pragma once

#include "annal/backup/backup.hpp"
#include "print/progress.hpp"

namespace annal::cli {

void show(ProgressLine& line, const BackupProgress& progress);

}  // namespace annal::cli
