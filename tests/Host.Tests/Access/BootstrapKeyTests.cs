using IntegrationHub.Host.Access;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Access;

public sealed class BootstrapKeyTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "hub-test-" + Guid.NewGuid().ToString("N"));

    [Fact]
    public async Task Initialize_FirstStart_MakesAFileThatTheNextStartReads()
    {
        var first = await OpenAsync(null);
        var second = await OpenAsync(null);

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(Path.Combine(folder, "admin.key"), first.FilePath);
        Assert.Equal(first.Hash.ToArray(), second.Hash.ToArray());
        Assert.True(ApiKeySecret.IsWellFormed((await File.ReadAllTextAsync(first.FilePath!)).Trim()));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first.FilePath!));
    }

    [Fact]
    public async Task Initialize_OperatorsKey_IsUsedAsItIs()
    {
        var setting = new string('x', 32);

        var key = await OpenAsync(setting);

        Assert.Null(key.FilePath);
        Assert.Equal(ApiKeySecret.HashOf(setting), key.Hash.ToArray());
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("1234567890123456789012345678901")]
    [InlineData("with a blank 12345678901234567890123")]
    [InlineData("ümlaut-1234567890123456789012345678")]
    public async Task Initialize_KeyTooWeakOrUnsendable_IsRefusedWithoutRepeatingIt(string setting)
    {
        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => OpenAsync(setting));

        Assert.Contains("HUB_ADMIN_KEY", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(setting, fault.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private async Task<BootstrapKey> OpenAsync(string? setting)
    {
        var key = new BootstrapKey(Options.Create(new HubOptions { Data = folder, AdminKey = setting }));
        await key.InitializeAsync(CancellationToken.None);
        return key;
    }
}
