using FsCheck;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Inputs that are files: each is written under its name into a folder that its reader gets.</summary>
internal static class InFolder
{
    public static Format Format(string name, string file, Gen<byte[]> valid, Func<Chance, byte[], byte[]> mutate, Action<string> read) =>
        new(name, valid, mutate, content =>
        {
            using var folder = new Folder();
            File.WriteAllBytes(folder.File(file), content);
            read(folder.Path);
        });
}
