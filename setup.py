"""What setup.cfg has no words for: a package whose folder is elsewhere, and files beside the packages."""

import setuptools
from setuptools.command.build_py import build_py

BESIDE_THE_PACKAGES = ("bootstrap/eli5_transformers.pth", "bootstrap/_eli5_transformers_bootstrap.py")


class BuildWithBootstrap(build_py):
    """Puts the bootstrap beside the packages: into site-packages, the one place where Python looks for .pth files.

    The files are part of the wheel, so that pip lists them and takes them away with the package.
    """

    def run(self):
        super().run()
        # An editable wheel holds nothing of what was built, only what is put into it.
        folder = self.get_finalized_command("install").install_lib if self.editable_mode else self.build_lib
        for file in BESIDE_THE_PACKAGES:
            self.copy_file(file, folder)


setuptools.setup(
    packages=[
        *setuptools.find_packages(include=["eli5_transformers", "eli5_transformers.*"]),
        "eli5_transformers.configs",
    ],
    package_dir={"eli5_transformers.configs": "configs"},
    cmdclass={"build_py": BuildWithBootstrap},
)
