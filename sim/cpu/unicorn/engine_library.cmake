# SPDX-License-Identifier: GPL-2.0-or-later
# The engine: the CPU of arm64 out of Unicorn's static library, for target_link_libraries(... engine_library). Included by
# sim/CMakeLists.txt, it makes that target; run by `cmake -DARCHIVE=... -P`, it makes the library.
#
# Statically, since a start then looks up none of the 30,000 symbols that the shared library calls itself by, and since the
# functions that ours stand in the place of (jit/interposed.cpp) are known to the linker.

# What ours replace. The library's own of each is reached as engines_<name>.
set(REPLACED gen_intermediate_code_aarch64 cpu_ldl_code_aarch64 tcg_gen_code_aarch64
  tcg_gen_lookup_and_goto_ptr_aarch64 check_exit_request_aarch64 qht_remove qht_reset_size
  tlb_flush_by_mmuidx_aarch64 tlb_flush_page_by_mmuidx_aarch64 tlb_set_page_with_attrs_aarch64)
# What ours call, beside the interface (jit/engine_build.cpp).
set(CALLED tcg_emit_op_aarch64 tcg_op_insert_before_aarch64 tcg_op_remove_aarch64 tcg_temp_new_internal_aarch64
  gen_new_label_aarch64 helper_lookup_tb_ptr_aarch64 helper_exception_bkpt_insn_aarch64
  helper_exception_with_syndrome_aarch64)
# The interface's names for the other architectures, which nobody asks for: those of arm64 stand there.
set(ARCHITECTURES arm m68k mips mips64 mipsel mips64el ppc ppc64 riscv32 riscv64 s390 sparc sparc64 tricore x86)

if(NOT CMAKE_SCRIPT_MODE_FILE)
  find_library(UNICORN_ARCHIVE libunicorn.a HINTS ${UNICORN_LIBDIR} ${UNICORN_LIBRARY_DIRS} REQUIRED)
  file(SHA256 ${UNICORN_ARCHIVE} ENGINE_IDENTIFIER)
  set(ENGINE_LIBRARY ${CMAKE_CURRENT_BINARY_DIR}/libengine.a)
  add_custom_command(OUTPUT ${ENGINE_LIBRARY}
    COMMAND ${CMAKE_COMMAND} -DARCHIVE=${UNICORN_ARCHIVE} -DOUTPUT=${ENGINE_LIBRARY}
            -DCXX=${CMAKE_CXX_COMPILER} -DAR=${CMAKE_AR} -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY} -P ${CMAKE_CURRENT_LIST_FILE}
    DEPENDS ${UNICORN_ARCHIVE} ${CMAKE_CURRENT_LIST_FILE}
    COMMENT "Taking the engine out of ${UNICORN_ARCHIVE}" VERBATIM)
  add_custom_target(engine_library_made DEPENDS ${ENGINE_LIBRARY})
  add_library(engine_library INTERFACE)
  add_dependencies(engine_library engine_library_made)
  target_include_directories(engine_library SYSTEM INTERFACE ${UNICORN_INCLUDE_DIRS})
  target_link_libraries(engine_library INTERFACE ${ENGINE_LIBRARY} m)
  target_link_options(engine_library INTERFACE LINKER:--exclude-libs,libengine.a)  # exports nothing of it
  return()
endif()

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE SAID)
  set(SAID "${SAID}" PARENT_SCOPE)
endfunction()

set(OTHERS "")
foreach(ARCHITECTURE IN LISTS ARCHITECTURES)
  foreach(WHAT uc_init context_reg_read context_reg_write)
    list(APPEND OTHERS -Wl,--defsym=${ARCHITECTURE}_${WHAT}=arm64_${WHAT})
  endforeach()
endforeach()
run(${CXX} -nostdlib -r -o ${OUTPUT}.o -Wl,-u,uc_open ${OTHERS} ${ARCHIVE})

# Of one object, so that no two members have the same name.
run(${NM} --defined-only ${OUTPUT}.o)
set(NAMED ${CALLED})
set(EDITS "")
foreach(NAME IN LISTS REPLACED)
  if(NOT SAID MATCHES "([0-9a-f]+) T ${NAME}\n")
    message(FATAL_ERROR "${ARCHIVE} has no function ${NAME}")
  endif()
  list(APPEND EDITS --weaken-symbol=${NAME} --add-symbol=engines_${NAME}=.text:0x${CMAKE_MATCH_1},function,global)
  list(APPEND NAMED ${NAME} engines_${NAME})
endforeach()
string(REGEX MATCHALL " T uc_[a-z0-9_]+" INTERFACE "${SAID}")
list(TRANSFORM INTERFACE REPLACE " T " "")
list(APPEND NAMED ${INTERFACE})
list(TRANSFORM NAMED PREPEND --keep-global-symbol=)
run(${OBJCOPY} ${EDITS} ${NAMED} ${OUTPUT}.o)
file(REMOVE ${OUTPUT})
run(${AR} rcsD ${OUTPUT} ${OUTPUT}.o)
file(REMOVE ${OUTPUT}.o)
