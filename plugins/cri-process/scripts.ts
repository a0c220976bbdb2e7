/**
 * What runs between Davit and a container's program: constant programs for `/bin/sh`. Nothing is ever put into them;
 * values come as arguments, or as words in a file that only root may read (the environment of a Pod may hold secrets,
 * and arguments are everyone's to see).
 *
 * File descriptors: 3 takes "ready" or what went wrong, 4 gives the words.
 */

/** Reads words, as `words.ts` writes them, and appends them to the arguments. */
const readWords = `
item= some=
while IFS= read -r line; do
  case $line in
    =*) [ -n "$some" ] && set -- "$@" "$item"; some=1; item=\${line#=} ;;
    *) item="$item
\${line#+}" ;;
  esac
done <&4
[ -n "$some" ] && set -- "$@" "$item"
`

/** Joins the control groups whose files come first, after their number, and becomes the command. */
export const enter = `
count=$1
shift
while [ "$count" -gt 0 ]; do
  echo 0 > "$1" || { echo "cannot join the control group $1" >&3; exit 125; }
  shift
  count=$((count - 1))
done
exec "$@"
`

/**
 * Says that all is ready, and becomes the program: by way of setpriv, that gives it its rights, and env. The words are
 * the user (or nothing, for the same one), the directory, where programs are looked for, the program's name, and then
 * the command. A terminal belongs to the user, who may open it again by its name.
 */
export const step = `
trap '' PIPE
set --
${readWords}
[ -z "$1" ] || ! [ -t 0 ] || chown "$1" "$(tty)"
directory=$2 PATH=$3 name=$4
shift 4
cd "$directory" || { echo "cannot change to the working directory $directory" >&3; exit 126; }
case $name in
  */*) [ -e "$name" ] || { echo "$name: no such file or directory" >&3; exit 127; }
    [ -f "$name" ] && [ -x "$name" ] || { echo "$name: not a program that may be run" >&3; exit 126; } ;;
  *) command -v "$name" > /dev/null || { echo "$name: not found in $PATH" >&3; exit 127; } ;;
esac
echo ready >&3
trap - PIPE
exec "$@" 3>&- 4<&- 6>&- 7>&-
`

/**
 * Outlives Davit: parent of all that a container is. Writes its own pid, passes output to log files of limited size, and
 * leaves how it ended in one file, which appears whole or not at all. What the program leaves running is ended with it:
 * otherwise it would hold the log open.
 *
 * dd copies what comes at once, up to `count` pieces; so a file has between one and two times its size in the end. A
 * turn that brings nothing is the end.
 */
export const supervise = `
exec 2>/dev/null
umask 022
directory=$1 exit=$2 size=$3 keep=$4 events=$5 group=$6 mark=$7
shift 7
echo "$$" > "$directory/pid"
{
  ( ${enter} ) 2>&1
  echo "$?" > "$directory/code"
  if [ -n "$group" ]; then
    while read -r pid; do kill -KILL "$pid"; done < "$group"
  fi
  if [ -n "$mark" ]; then
    for file in $(grep -lsz "^$mark$" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      kill -KILL "\${pid%/environ}"
    done
  fi
} | {
  exec 3>&- 4<&-
  umask 077
  number=0 written=0 block=65536
  [ "$size" -lt "$block" ] && block=$size
  count=$((size / block))
  while dd bs="$block" count="$count" of="$directory/log/$number" oflag=append conv=notrunc; do
    before=$written
    written=$(wc -c < "$directory/log/$number")
    [ "$written" -eq "$before" ] && exit
    [ "$written" -lt "$size" ] && continue
    number=$((number + 1)) written=0
    rm -f "$directory/log/$((number - keep))" "$directory/marks/$((number - keep))"
  done
  cat > /dev/null
}
code=
read -r code < "$directory/code"
oom=0
if [ -n "$events" ]; then
  while read -r key value; do [ "$key" = oom_kill ] && oom=$value; done < "$events"
fi
echo "\${code:-137} $oom" > "$directory/exit"
mv "$directory/exit" "$exit"
`

/**
 * The first process in a container's namespaces; with an id for those who look for it. It runs the program as its child,
 * so that signals have their usual effect on the program, and takes up orphans. A signal is sent to the child, never to it.
 * With a terminal the child is `script`, and the program the child of that: the terminal is of the container's own
 * device file system, and its foreground group of the container's own process namespace.
 */
export const init = `
exec 6>&2 2>/dev/null
root=$2 table=$3 script=$4 terminal=$5
if [ -n "$root" ]; then
  said=$(mount -a -T "$table" 2>&1) || { echo "$said" >&3; exit 125; }
  cd "$root" && said=$(pivot_root . . 2>&1) && said=$(umount -l . 2>&1) && cd / || { echo "$said" >&3; exit 125; }
fi
if [ -n "$script" ]; then
  "$script" -qefc "$terminal" /dev/null 2>&6 6>&-
else
  ( exec 2>&6 6>&-
  ${step} )
fi
exit "$?"
`

/** What `script` runs in a new terminal: says which terminal it is, and goes on as without one. */
export const inTerminal = `
echo "tty $(tty)" >&3
${step}`

/** Runs a command with pipes for its output: what Node gives are sockets, which cannot be opened by /dev/stdout. */
export const withPipes = `
exec 6>&2 2>/dev/null
{ { "$@" 2>&1 1>&7 6>&- 7>&-; echo "exit $?" >&3; } | cat >&6 3>&- 4<&- 7>&-; } 7>&1 | cat 3>&- 4<&- 6>&-
`

/** In a sandbox's new namespaces: the batch on standard input makes its end of the link, the rest is done outside. */
export const makeSandbox = `
set -e
[ -z "$1" ] || printf %s "$1" > /proc/sys/kernel/hostname
[ -n "$2" ] || exit 0
echo 0 > /proc/sys/net/ipv4/conf/all/accept_redirects
echo 0 > /proc/sys/net/ipv4/conf/default/accept_redirects
ip -batch -
exec nsenter --net="/proc/$4/ns/net" ip link set "$2" master "$3" up
`

/** Undoes what makeSandbox did; each part may be missing. */
export const unmakeSandbox = `
[ -z "$1" ] || ip link del "$1" 2>/dev/null
shift
[ "$#" -eq 0 ] || umount "$@" 2>/dev/null
exit 0
`

/** Holds a process namespace that the containers of a sandbox share, and takes up orphans. */
export const pause = `
echo up
exec > /dev/null
trap 'exit 0' TERM
while :; do sleep 2147483647 & wait "$!"; done
`
