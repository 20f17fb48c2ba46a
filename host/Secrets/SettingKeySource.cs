namespace IntegrationHub.Host.Secrets;

/// <summary>The key that the operator gives as a setting. The hub can neither make nor remove it there.</summary>
internal sealed class SettingKeySource(string setting) : IMasterKeySource
{
    public const string Name = "the setting Hub:MasterKey (HUB_MASTER_KEY)";

    public MasterKeySourceKind Kind => MasterKeySourceKind.Setting;

    public string Place => Name;

    public bool CanMake => false;

    public Task<IReadOnlyList<MasterKey>> LoadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<MasterKey>>([MasterKey.Parse(setting, "The setting Hub:MasterKey (HUB_MASTER_KEY)")]);
    }

    public Task<MasterKey> MakeAsync(CancellationToken cancellationToken) =>
        throw new MasterKeyException("The hub cannot make a master key that is given as a setting. Start it with the new key in HUB_MASTER_KEY and the former one in HUB_MASTER_KEY_PREVIOUS.");

    public Task<IReadOnlyList<string>> RetireAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. ids]);
}
