/// The version of this program: the one place where it is written.

package let version = "0.1.0"
