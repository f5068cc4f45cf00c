# tern_generate(TARGET proto… [IMPORT_DIRS dir…])
#
# Generates protobuf-c's and Tern's C for each .proto, and adds it to TARGET. A proto's path is taken from
# the first import directory that holds it: of IMPORT_DIRS, then the current source directory, then the
# protos that Tern ships, then protobuf's own. So examples/echo.proto gives <examples/echo.pb-c.h> and
# <examples/echo.tern.h>; the absolute path comes to the same. The protos that a proto imports are to be listed, too,
# in this call or in an earlier one, protobuf's own (google/protobuf/timestamp.proto) included: protobuf-c does not
# ship what it makes of them.
function(tern_generate target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "IMPORT_DIRS")
  find_program(TERN_PROTOC protoc REQUIRED)
  set(dirs "")
  find_path(TERN_PROTOBUF_DIR google/protobuf/descriptor.proto)
  mark_as_advanced(TERN_PROTOBUF_DIR)
  foreach(dir IN LISTS ARG_IMPORT_DIRS ITEMS ${CMAKE_CURRENT_SOURCE_DIR} ${TERN_PROTO_DIR} ${TERN_PROTOBUF_DIR})
    get_filename_component(dir ${dir} ABSOLUTE)
    list(APPEND dirs ${dir})
  endforeach()
  list(REMOVE_DUPLICATES dirs)
  list(TRANSFORM dirs PREPEND "-I" OUTPUT_VARIABLE imports)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}.tern)
  file(MAKE_DIRECTORY ${out})

  set(protos "")
  set(sources "")
  foreach(given IN LISTS ARG_UNPARSED_ARGUMENTS)
    _tern_find_proto(${given} "${dirs}" proto source)
    list(APPEND protos ${proto})
    list(APPEND sources ${source})
  endforeach()
  if(NOT protos)
    message(FATAL_ERROR "tern_generate: no proto is given for ${target}")
  endif()
  set_property(GLOBAL APPEND PROPERTY TERN_GENERATED ${protos})
  get_property(listed GLOBAL PROPERTY TERN_GENERATED)
  foreach(proto source IN ZIP_LISTS protos sources)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(generated ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h ${out}/${stem}.tern.c ${out}/${stem}.tern.h)
    file(STRINGS ${source} apart REGEX "no_generate\\)?[ \t]*=[ \t]*true")
    if(apart) # (pb_c_file).no_generate: protobuf-c makes nothing of it
      set(generated ${out}/${stem}.tern.c ${out}/${stem}.tern.h)
    endif()
    set(import "^[ \t]*import[ \t]+(public[ \t]+|weak[ \t]+)?[\"']([^\"']+)[\"'].*$")
    file(STRINGS ${source} lines REGEX "${import}")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "${import}" "\\2" imported "${line}")
      # Of protobuf-c's own options it makes nothing.
      if(NOT imported IN_LIST listed AND NOT imported STREQUAL "protobuf-c/protobuf-c.proto")
        message(WARNING "tern_generate: ${proto} imports ${imported}, which is not listed: there may be no header of it")
      endif()
    endforeach()
    add_custom_command(
      OUTPUT ${generated}
      COMMAND ${TERN_PROTOC} ${imports} --plugin=protoc-gen-tern=$<TARGET_FILE:tern::protoc-gen-tern>
              --c_out=${out} --tern_out=${out} ${proto}
      DEPENDS ${source} tern::protoc-gen-tern
      VERBATIM)
    set_source_files_properties(${generated} PROPERTIES SKIP_LINTING ON)
    target_sources(${target} PRIVATE ${generated})
  endforeach()
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${out}>)
endfunction()

# The first of dirs that holds a proto: its path from there, and the whole.
function(_tern_find_proto given dirs out_proto out_source)
  foreach(dir IN LISTS dirs)
    cmake_path(ABSOLUTE_PATH given BASE_DIRECTORY ${dir} NORMALIZE OUTPUT_VARIABLE source)
    cmake_path(IS_PREFIX dir ${source} is_inside)
    if(is_inside AND EXISTS ${source})
      cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${dir} OUTPUT_VARIABLE proto)
      set(${out_proto} ${proto} PARENT_SCOPE)
      set(${out_source} ${source} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  list(JOIN dirs ", " dirs)
  message(FATAL_ERROR "tern_generate: ${given} is in none of: ${dirs}")
endfunction()
