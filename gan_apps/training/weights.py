"""The file of a network's weights, as Keras writes and reads it, made smaller."""

from gan_apps.operating_system import files

# Level of gzip. A byte of floats is like that of its neighbours at the same place of the number,
# and so all first bytes come first (HDF5's "shuffle"): an eighth of the file is saved.
GZIP = 9
# The format of groups, those of HDF5 1.10 (2016): the default's take a twentieth more.
GROUPS = "v110"
# Numbers of an array that are not worth it.
FEW = 64


def write(network, path):
    """Writes the weights of a keras.Model to the .weights.h5 file `path`, whole or not at all."""
    with files.replacing(path) as beside:
        network.save_weights(files.in_utf8(beside))
        pack(beside)


def pack(path):
    """Compresses the arrays of an .h5 file in its place; what is read from it is the same."""
    import h5py

    # Who asks for it waits for the disk, if anybody has to.
    with files.replacing(path, durable=False) as beside:
        with (
            h5py.File(files.in_utf8(path)) as whole,
            h5py.File(files.in_utf8(beside), "w", libver=(GROUPS, GROUPS)) as less,
        ):

            def copy(name, one):
                if isinstance(one, h5py.Dataset):
                    packed = one.size > FEW
                    options = {"compression": "gzip", "compression_opts": GZIP, "shuffle": True}
                    less.create_dataset(name, data=one[()], **(options if packed else {}))
                else:
                    less.require_group(name)
                less[name].attrs.update(one.attrs)

            less.attrs.update(whole.attrs)
            whole.visititems(copy)
