using IntegrationHub.Loading;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

public sealed class SharedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hub-shared-").FullName;

    private string Here => Path.Combine(folder, "plügin file.dll");

    public SharedFileTests() => File.WriteAllText(Here, "one");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void OpenRead_WhileItIsOpen_OthersWriteReplaceAndDelete()
    {
        using var reading = SharedFile.OpenRead(Here);
        using (var alone = new FileStream(Here, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
            alone.Write("two"u8);

        var other = Path.Combine(folder, "other");
        File.WriteAllText(other, "three");
        if (!OperatingSystem.IsWindows())
            File.Copy(other, Here, overwrite: true);

        File.Delete(Here);
        Assert.False(File.Exists(Here));
    }

    [Fact]
    public void Copy_File_HasItsBytesAndPermissions()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Here, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var target = Path.Combine(folder, "target");
        SharedFile.Copy(Here, target);

        Assert.Equal("one", File.ReadAllText(target));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(File.GetUnixFileMode(Here), File.GetUnixFileMode(target));

        Assert.Throws<IOException>(() => SharedFile.Copy(Here, target));
    }

    [Fact]
    public void OpenRead_Absent_SaysSo()
    {
        Assert.Throws<FileNotFoundException>(() => SharedFile.ReadAllBytes(Path.Combine(folder, "absent")));
        Assert.Throws<DirectoryNotFoundException>(() => SharedFile.ReadAllBytes(Path.Combine(folder, "absent", "absent")));
    }
}
